"""Odd contents: each is a file of ten rows of which one is odd, beside a good file that must load in any case.

The list and the outcomes are those of docs/odd-inputs.md.
"""

import gzip
import json
import time

import pytest
import zstandard
from agreement import check_accounts, check_quarantine, check_snapshot
from program import FAILED, HELD, OK, sync
from readers import LOG, QUARANTINE, RECORDS, SNAPSHOT, Tables
from reference import Folder, read_folder


def good(number, payload='{"n": 1}'):
    return f'{{"wid": "{number:04}", "ut_id": "u{number}", "json_data": {payload}}}'.encode()


def ten(odd=None, at=4, end=b"\n"):
    lines = [good(n) for n in range(10)]
    if odd is not None:
        lines[at] = odd
    return end.join(lines) + end


class Loaded:
    """The folder {odd.txt: data, good.txt: ten rows} after one sync."""

    def __init__(self, place, data, *flags, name="odd.txt", expect=OK):
        self.source, self.tables = place / "in", Tables(place / "tables")
        self.source.mkdir()
        (self.source / name).write_bytes(data)
        (self.source / "good.txt").write_bytes(ten())
        self.done = sync(self.source, self.tables.root, "--json", *flags, expect=expect)
        records = self.tables.records(SNAPSHOT)
        assert sum(r["source_file"] == "good.txt" for r in records) == 10
        self.rows = [r for r in records if r["source_file"] == name]
        self.rejected = [r for r in self.tables.records(QUARANTINE) if r["source_file"] == name]

    def row(self, wid="0004"):
        (row,) = [r for r in self.rows if r["wid"] == wid]
        return row

    def check_by_reference(self):
        folder = Folder()
        folder.observe(read_folder(self.source))
        check_snapshot(self.tables, folder)
        check_accounts(self.tables, folder)
        check_quarantine(self.tables, folder)


BAD_LINES = {
    "cut in the middle": good(4)[:30],
    "garbage": b"!! not json !!",
    "invalid UTF-8": b'{"wid": "0004", "ut_id": "\xff\xfe"}',
    "overlong UTF-8": b'{"wid": "\xc0\xaf"}',
    "UTF-16 surrogate as UTF-8": b'{"wid": "\xed\xa0\x80"}',
    "NaN": b'{"wid": "0004", "json_data": NaN}',
    "NaN in the payload": b'{"wid": "0004", "json_data": {"a": NaN}}',
    "Infinity in the payload": b'{"wid": "0004", "json_data": {"a": -Infinity}}',
    "two objects": good(4) + b" " + good(5),
    "two objects without a space": good(4) + good(5),
    "an object and garbage": good(4) + b" x",
    "lone surrogate as the column's string": b'{"wid": "\\ud800"}',
    "lone surrogate in a key": b'{"\\udc00": 1}',
    "payload with a broken literal": b'{"wid": "0004", "json_data": {"b": tru}}',
    "payload with broken commas": b'{"wid": "0004", "json_data": [1 2,,]}',
    "payload with a leading zero": b'{"wid": "0004", "json_data": {"n": 01}}',
    "payload with an unescaped control character": b'{"wid": "0004", "json_data": {"n": "\x02"}}',
    "a number": b"17",
    "null": b"null",
    "a string": b'"text"',
    "an array": b'[{"wid": "0004"}]',
    "NUL bytes": b"\x00\x00\x00",
    "BOM in the middle of the file": b"\xef\xbb\xbf" + good(4),
    "UTF-16": good(4).decode().encode("utf-16-le"),
    "comment": b'{"wid": "0004"} # comment',
    "a closing brace too many": good(4) + b"}",
    "unclosed string": b'{"wid": "0004',
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_line_costs_that_line_alone(case, place):
    loaded = Loaded(place, ten(BAD_LINES[case]))
    assert len(loaded.rows) == 9
    (rejected,) = loaded.rejected
    assert rejected["line_number"] == 5
    assert rejected["byte_offset"] == 4 * len(good(0) + b"\n")
    assert rejected["raw_line"] == BAD_LINES[case]
    assert rejected["reason"]
    assert loaded.done.report["rejected"] == 1
    loaded.check_by_reference()


def test_truncated_last_line(place):
    loaded = Loaded(place, ten()[:-20])
    assert len(loaded.rows) == 9
    assert [r["line_number"] for r in loaded.rejected] == [10]
    loaded.check_by_reference()


def test_object_over_two_lines(place):
    loaded = Loaded(place, ten(b'{"wid": "0004",\n "ut_id": "u"}'))
    assert len(loaded.rows) == 9
    assert [r["line_number"] for r in loaded.rejected] == [5, 6]
    loaded.check_by_reference()


def test_several_bad_lines_are_counted_and_found(place):
    """Which lines, how many, and where they went: in quarantine, in file_log and in the report."""
    lines = [good(n) for n in range(20_000)]
    bad = [0, 1, 7, 9_998, 9_999, 10_000, 19_999]
    for n in bad:
        lines[n] = b"bad %d" % n
    loaded = Loaded(place, b"\n".join(lines))
    assert len(loaded.rows) == 20_000 - len(bad)
    assert sorted(r["line_number"] for r in loaded.rejected) == [n + 1 for n in bad]
    assert {r["raw_line"] for r in loaded.rejected} == {b"bad %d" % n for n in bad}
    (entry,) = [e for e in loaded.tables.records(LOG) if e["file_path"] == "odd.txt"]
    assert (entry["row_count"], entry["rejected_count"]) == (20_000 - len(bad), len(bad))
    loaded.check_by_reference()


WHOLE_FILES = {
    "blank lines": b"\n\n" + ten().replace(b"\n", b"\n \t\n") + b"\r\n\n",
    "no final newline": ten()[:-1],
    "CRLF": ten(end=b"\r\n"),
    "BOM": b"\xef\xbb\xbf" + ten(),
    "gzip in a .txt": gzip.compress(ten()),
    "two gzip members": gzip.compress(ten()[:100]) + gzip.compress(ten()[100:]),
    "zstd in a .txt": zstandard.compress(ten()),
    "two zstd frames": zstandard.compress(ten()[:100]) + zstandard.compress(ten()[100:]),
    "BOM inside of gzip": gzip.compress(b"\xef\xbb\xbf" + ten()),
    "spaces around": b"\n".join(b"  " + good(n) + b" \t " for n in range(10)),
}


@pytest.mark.parametrize("case", WHOLE_FILES)
def test_ten_rows(case, place):
    loaded = Loaded(place, WHOLE_FILES[case])
    assert sorted(r["wid"] for r in loaded.rows) == [f"{n:04}" for n in range(10)]
    assert not loaded.rejected
    loaded.check_by_reference()


def test_gzip_by_name(place):
    assert len(Loaded(place, gzip.compress(ten()), name="odd.txt.gz").rows) == 10


def test_plain_text_named_gz(place):
    assert len(Loaded(place, ten(), name="odd.txt.gz").rows) == 10


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_damaged_compression_fails_the_file_alone(pack, place):
    data = pack(b"".join(good(n) + b"\n" for n in range(1000)))
    loaded = Loaded(place, data[: len(data) // 2], expect=HELD)
    assert loaded.rows == []
    (problem,) = loaded.done.report["problems"]
    assert problem["source_file"] == "odd.txt" and problem["error"]
    (loaded.source / "odd.txt").write_bytes(data)
    sync(loaded.source, loaded.tables.root, expect=OK)
    assert len(loaded.tables.records(SNAPSHOT)) == 1010


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\t\n\r\n\n"], ids=["empty", "one newline", "blank lines"])
def test_empty_file_has_no_rows(data, place):
    loaded = Loaded(place, ten())
    assert len(loaded.rows) == 10
    (loaded.source / "odd.txt").write_bytes(data)
    sync(loaded.source, loaded.tables.root, expect=OK)
    assert {r["source_file"] for r in loaded.tables.records(SNAPSHOT)} == {"good.txt"}
    entries = [e for e in loaded.tables.records(LOG) if e["file_path"] == "odd.txt"]
    newest = max(entries, key=lambda e: e["file_version"])
    assert (newest["action"], newest["row_count"], newest["file_version"]) == ("replaced", 0, 2)


def test_empty_file_from_the_start(place):
    loaded = Loaded(place, b"")
    assert loaded.rows == []
    (record,) = [r for r in loaded.tables.records(RECORDS) if r["file_path"] == "odd.txt"]
    assert (record["status"], record["row_count"]) == ("loaded", 0)


def test_empty_file_is_held_when_the_guard_says_so(place, tmp_path):
    (tmp_path / "rtloader.toml").write_text("[guard]\nallow_empty = false\n")
    flags = ("--config", tmp_path / "rtloader.toml")
    loaded = Loaded(place, ten(), *flags)
    (loaded.source / "odd.txt").write_bytes(b"")
    sync(loaded.source, loaded.tables.root, *flags, expect=HELD)
    assert len(loaded.tables.records(SNAPSHOT)) == 20


NUMBERS = ["123456789012345678901234567890", "9223372036854775808", "1.50", "1E5", "-0", "100.0", "1e-400", "1E400",
           "-0.0", "0.1e1"]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_keep_their_text(number, place):
    payload = '{"a": %s, "b":[%s ,%s]}' % (number, number, number)
    odd = '{"wid": %s, "ut_id": "odd", "json_data": %s}' % (number, payload)
    loaded = Loaded(place, ten(odd.encode()))
    (row,) = [r for r in loaded.rows if r["ut_id"] == "odd"]
    assert (row["wid"], row["json_data"]) == (number, payload)
    loaded.check_by_reference()


@pytest.mark.parametrize(
    "payload",
    [
        '{ "a" : 107.0 ,"b":  [ ] }',
        '{"dup": 1, "dup": 2}',
        '{"lone": "\\ud800"}',
        '{"nul": "\\u0000"}',
        '{"a": [1, "x", {"b": null}, true]}',
        '{"escaped": "\\u00e9\\/"}',
        '{"raw": "é🎉"}',
        "[1, 2, 3]",
        "true",
        "17",
    ],
)
def test_payload_is_kept_byte_for_byte(payload, place):
    loaded = Loaded(place, ten(good(4, payload)))
    assert loaded.row()["json_data"] == payload
    assert not loaded.rejected
    loaded.check_by_reference()


def test_string_payload_among_objects(place):
    loaded = Loaded(place, ten(good(4, '"a \\"text\\" \\u00e9"')))
    assert len(loaded.rows) == 10
    assert loaded.row()["json_data"] == 'a "text" é'
    assert loaded.row("0003")["json_data"] == '{"n": 1}'


def test_nul_in_a_columns_own_string(place):
    loaded = Loaded(place, ten(b'{"wid": "0004", "ut_id": "a\\u0000b"}'))
    assert loaded.row()["ut_id"] == "a\0b"
    loaded.check_by_reference()


@pytest.mark.parametrize("odd", [b'{"wid": "0004", "ut_id": "u", "json_data": null}', b'{"wid": "0004", "ut_id": "u"}'])
def test_null_and_missing_are_null(odd, place):
    assert Loaded(place, ten(odd)).row()["json_data"] is None


def test_extra_key_late_in_the_file_is_a_column(place):
    loaded = Loaded(place, ten(b'{"wid": "0009", "extra": {"x": 1.0}}', at=9))
    assert loaded.row("0009")["extra"] == '{"x": 1.0}'
    assert loaded.row("0000")["extra"] is None


def test_extra_key_is_counted_when_pinned(place):
    loaded = Loaded(
        place, ten(b'{"wid": "0009", "extra": 1}', at=9), "--schema", "wid STRING, ut_id STRING, json_data STRING"
    )
    assert len(loaded.rows) == 10
    assert "extra" not in loaded.rows[0]
    entries = [e for e in loaded.tables.records(LOG) if e["file_path"] == "odd.txt"]
    assert "extra" in (entries[0]["error"] or "") + loaded.done.out + loaded.done.err


def test_pinned_rows_with_no_pinned_column_are_an_error_that_lists_the_keys(place):
    data = b"".join(b'{"other_key": %d}\n' % n for n in range(10))
    loaded = Loaded(place, data, "--schema", "wid STRING, ut_id STRING, json_data STRING", expect=HELD)
    assert loaded.rows == []
    assert len(loaded.rejected) == 10
    assert all("other_key" in r["reason"] for r in loaded.rejected)


def test_pinned_bigint(place):
    lines = [b'{"wid": 9.7}', b'{"wid": "abc"}'] + [b'{"wid": %d}' % n for n in range(8)]
    loaded = Loaded(place, b"\n".join(lines), "--schema", "wid BIGINT")
    assert sorted(r["wid"] for r in loaded.rows) == list(range(8))
    assert [r["line_number"] for r in loaded.rejected] == [1, 2]


def test_pinned_bigint_bounds(place):
    lines = [b'{"wid": %d}' % n for n in (-(2**63), 2**63 - 1, 0, 2**63, -(2**63) - 1)]
    loaded = Loaded(place, b"\n".join(lines), "--schema", "wid BIGINT")
    assert sorted(r["wid"] for r in loaded.rows) == [-(2**63), 0, 2**63 - 1]
    assert [r["line_number"] for r in loaded.rejected] == [4, 5]


def test_key_in_another_case_is_the_same_column(place):
    loaded = Loaded(place, ten(b'{"WID": "0004", "Ut_Id": "other"}'))
    assert loaded.row()["ut_id"] == "other"
    assert len(loaded.rows[0]) == len({name.lower() for name in loaded.rows[0]})


def test_reserved_and_forbidden_names(place):
    odd = b'{"wid": "0004", "source_file": "forged", "File_Version": 99, "a b;c": 1, "": 2}'
    row = Loaded(place, ten(odd)).row()
    assert row["source_file"] == "odd.txt"
    assert row["file_version"] == 1
    assert (row["_source_file"], row["_File_Version"], row["a_b_c"], row["_"]) == ("forged", "99", "1", "2")


def test_row_without_keys(place):
    loaded = Loaded(place, ten(b"{}"))
    assert len(loaded.rows) == 10
    loaded.check_by_reference()


def test_only_rows_without_keys(place):
    loaded = Loaded(place, b"{}\n{}\n{}\n")
    assert len(loaded.rows) == 3
    loaded.check_by_reference()


def test_one_json_array_is_quarantined_with_a_hint(place):
    data = json.dumps([json.loads(good(n)) for n in range(10)]).encode()
    loaded = Loaded(place, data, expect=HELD)
    assert loaded.rows == []
    (rejected,) = loaded.rejected
    assert "multiLine" in rejected["reason"]


def test_array_over_many_lines(place):
    data = json.dumps([json.loads(good(n)) for n in range(10)], indent=1).encode()
    loaded = Loaded(place, data, expect=HELD)
    assert loaded.rows == []
    assert len(loaded.rejected) == data.count(b"\n") + 1
    assert "multiLine" in min(loaded.rejected, key=lambda r: r["line_number"])["reason"]


def test_one_20_mb_line(place):
    loaded = Loaded(place, ten(good(4, '{"x": "' + "y" * (20 << 20) + '"}')))
    assert len(loaded.row()["json_data"]) == (20 << 20) + 9


def test_nesting_1000_deep(place):
    payload = '{"a":' * 1000 + "1" + "}" * 1000
    assert Loaded(place, ten(good(4, payload))).row()["json_data"] == payload


def test_nesting_a_million_deep_is_rejected_or_kept(place):
    """No crash; whichever it is, the line is accounted for."""
    loaded = Loaded(place, ten(good(4, "[" * 1_000_000 + "]" * 1_000_000)))
    assert len(loaded.rows) + len(loaded.rejected) == 10
    assert len(loaded.rows) >= 9


def test_more_keys_than_columns_allowed(place):
    wide = json.dumps({f"k{n}": n for n in range(1200)}).encode()
    loaded = Loaded(place, ten(wide))
    assert len(loaded.rows) == 9
    assert [r["line_number"] for r in loaded.rejected] == [5]


# -- held files


def test_mostly_bad_file_is_held_and_heals(place):
    loaded = Loaded(place, ten())
    old = loaded.rows
    (loaded.source / "odd.txt").write_bytes(b"bad\n" * 6 + good(1) + b"\n")
    done = sync(loaded.source, loaded.tables.root, "--json", expect=HELD)
    assert [p["source_file"] for p in done.report["problems"]] == ["odd.txt"]
    records = [r for r in loaded.tables.records(SNAPSHOT) if r["source_file"] == "odd.txt"]
    assert records == old, "a held file keeps its old rows"
    assert len(loaded.tables.records(QUARANTINE)) == 6
    sync(loaded.source, loaded.tables.root, expect=HELD)  # still held, still said
    (loaded.source / "odd.txt").write_bytes(good(7) + b"\n")
    sync(loaded.source, loaded.tables.root, expect=OK)
    records = [r for r in loaded.tables.records(SNAPSHOT) if r["source_file"] == "odd.txt"]
    assert [(r["wid"], r["file_version"] > 2) for r in records] == [("0007", True)]


def test_a_held_files_number_is_not_given_again(place):
    """Good bytes, mostly bad ones, the good ones again, then others: four outcomes, three numbers."""
    loaded = Loaded(place, ten())
    for data, code in ((b"bad\n" * 6, HELD), (ten(), OK), (good(7) + b"\n", OK)):
        (loaded.source / "odd.txt").write_bytes(data)
        sync(loaded.source, loaded.tables.root, expect=code)
    entries = [e for e in loaded.tables.records(LOG) if e["file_path"] == "odd.txt"]
    entries.sort(key=lambda e: e["snapshot_version"])
    assert [(e["action"], e["file_version"]) for e in entries] == [
        ("loaded", 1),
        ("held", 2),
        ("unchanged", 1),
        ("replaced", 3),
    ]


def test_a_held_file_is_quarantined_once(place):
    """A file that was young when it was looked at is looked at again; its bad lines are not written again."""
    loaded = Loaded(place, b"bad\n" * 6, expect=HELD)
    time.sleep(2.2)
    sync(loaded.source, loaded.tables.root, expect=HELD)
    assert len(loaded.tables.records(QUARANTINE)) == 6
    assert [e["action"] for e in loaded.tables.records(LOG) if e["file_path"] == "odd.txt"].count("held") == 1


def test_half_bad_is_not_more_than_half(place):
    loaded = Loaded(place, (good(1) + b"\nbad\n") * 5)
    assert (len(loaded.rows), len(loaded.rejected)) == (5, 5)


@pytest.mark.parametrize("share,code", [("0.09", HELD), ("0.11", OK)])
def test_max_rejected_is_a_choice(share, code, place):
    loaded = Loaded(place, ten(b"bad"), "--max-rejected", share, expect=code)
    assert len(loaded.rows) == (9 if code == OK else 0)


def test_no_quarantine_still_counts(place):
    source, tables = place / "in", Tables(place / "tables")
    source.mkdir()
    (source / "odd.txt").write_bytes(ten(b"bad"))
    done = sync(source, tables.root, "--json", "--no-quarantine", "--no-raw", expect=OK)
    assert done.report["rejected"] == 1
    assert len(tables.records(SNAPSHOT)) == 9
    assert not tables.exists("quarantine") and not tables.exists("customer_data_raw")


def test_binary_file(place):
    data = bytes(range(256)) * 64
    loaded = Loaded(place, data, expect=(OK, HELD, FAILED))
    assert loaded.done.code == HELD
    assert loaded.rows == []
    assert len(loaded.rejected) > 0

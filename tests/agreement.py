"""The promises of the tables, checked through independent readers (ARCHITECTURE.md: I1 to I7)."""

import collections

from readers import LOG, QUARANTINE, RAW, RECORDS, SNAPSHOT, by_file, by_version


def _first_difference(got, want):
    for key in sorted(set(got) | set(want), key=repr):
        if got.get(key) != want.get(key):
            a, b = got.get(key), want.get(key)
            extra = [r for r in a or [] if r not in (b or [])][:2]
            missing = [r for r in b or [] if r not in (a or [])][:2]
            return (
                f"{key!r}: {'absent' if a is None else len(a)} rows, expected {'none' if b is None else len(b)};"
                f" unexpected {extra!r}; missing {missing!r}"
            )
    return "equal"


def check_equal(got, want, what):
    assert got == want, f"{what}: {_first_difference(got, want)}"


def nonempty(rows):
    return {key: value for key, value in rows.items() if value}


def check_snapshot(tables, folder, duckdb=True):
    """I1: the snapshot holds exactly the rows of each file's newest good version."""
    want = nonempty(folder.rows)
    records = tables.records(SNAPSHOT)
    check_equal(by_file(records), want, "snapshot read by deltalake")
    if duckdb:
        check_equal(by_file(tables.records_by_duckdb(SNAPSHOT)), want, "snapshot read by DuckDB")
    return records


def check_history(tables, since=0):
    """I2, I4, I5 over every snapshot version from `since` on; returns {(file, file_version): rows} that it ever held."""
    held, last = {}, {}
    for version in range(since, tables.version() + 1):
        seen = {}
        for key, rows in by_version(tables.records(SNAPSHOT, version=version)).items():
            name, file_version = key
            assert name not in seen, f"version {version}: rows of versions {seen[name]} and {file_version} of {name!r}"
            seen[name] = file_version
            assert file_version >= last.get(name, 0), f"version {version}: {name!r} went back to {file_version}"
            last[name] = file_version
            assert held.setdefault(key, rows) == rows, f"version {version}: rows of {key} changed"
    return held


def check_raw(tables, held, complete=True):
    """I5: raw has every version that the snapshot ever held exactly once."""
    raw = by_version(tables.records(RAW))
    if complete:
        check_equal(raw, held, "raw against all snapshot versions")
    else:
        for key, rows in held.items():
            check_equal({key: raw.get(key)}, {key: rows}, "raw")
    return raw


def check_accounts(tables, folder=None):
    """I6, I7: the counts of all tables agree, per file version."""
    snapshot = collections.Counter()
    versions = {}
    for r in tables.records(SNAPSHOT):
        snapshot[r["source_file"]] += 1
        versions[r["source_file"]] = r["file_version"]
    raw = collections.Counter((r["source_file"], r["file_version"]) for r in tables.records(RAW))
    quarantine = collections.Counter((r["source_file"], r["file_version"]) for r in tables.records(QUARANTINE))

    loaded, numbered = {}, {}
    for entry in tables.records(LOG):
        key = (entry["file_path"], entry["file_version"])
        if entry["action"] in ("loaded", "replaced", "held"):
            assert key not in numbered, f"file_log numbers {key} twice: {numbered[key]} and {entry}"
            numbered[key] = entry
            assert quarantine[key] == entry["rejected_count"], f"quarantine has {quarantine[key]} lines: {entry}"
        if entry["action"] in ("loaded", "replaced"):
            loaded[key] = entry
            assert raw[key] == entry["row_count"], f"raw has {raw[key]} rows: {entry}"
    assert set(raw) <= set(loaded), f"raw has versions that file_log lacks: {set(raw) - set(loaded)}"
    assert set(quarantine) <= set(numbered), f"quarantine has versions that file_log lacks: {quarantine}"
    for name, file_version in versions.items():
        assert (name, file_version) in loaded, f"file_log lacks {name!r} version {file_version}"
        assert loaded[name, file_version]["row_count"] == snapshot[name]

    file_records = tables.records(RECORDS)
    by_path = {r["file_path"]: r for r in file_records}
    assert len(by_path) == len(file_records), "file_records has a file twice"
    assert len({r["file_id"] for r in file_records}) == len(file_records), "file_records has a file_id twice"
    for name, count in snapshot.items():
        record = by_path[name]
        if record["status"] in ("loaded", "replaced", "unchanged"):
            got = (record["file_version"], record["row_count"])
            assert got == (versions[name], count), f"file_records and snapshot disagree: {record}"

    if folder is not None:
        for name, parsed in folder.parsed.items():
            record = by_path[name]
            assert (record["status"] == "held") == parsed.held, f"{name!r}: {record}"
            newest = max((v for n, v in numbered if n == name), default=0)
            if not parsed.held and record["file_version"] != newest:
                continue  # back at bytes it had before a held version: unchanged, under the older number
            entry = numbered[name, newest]
            assert entry["rejected_count"] == len(parsed.rejected), f"{name!r}: {entry}"
            if not parsed.held:
                assert entry["row_count"] == len(parsed.rows), f"{name!r}: {entry}"
                assert entry["row_count"] + entry["rejected_count"] + parsed.blank == parsed.lines
        for name, record in by_path.items():
            assert (record["status"] == "deleted") == (name not in folder.parsed), f"{name!r}: {record}"


def check_quarantine(tables, folder):
    """The newest version's bad lines are there with number, offset, reason and bytes."""
    got = collections.defaultdict(list)
    for r in tables.records(QUARANTINE):
        assert r["reason"], r
        got[r["source_file"], r["file_version"]].append(
            (r["line_number"], r["byte_offset"], r["raw_line"].rstrip(b"\r"))
        )
    for name, parsed in folder.parsed.items():
        want = [(r.line_number, r.byte_offset, r.raw_line) for r in parsed.rejected]
        if want:
            # not always the newest number: bytes that return after a held version keep their older one
            candidates = [sorted(lines) for (n, _), lines in got.items() if n == name]
            assert want in candidates, f"quarantine lacks the lines of {name!r}: {want}\nhas {candidates}"

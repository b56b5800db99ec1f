"""The reference itself, against rows written out by hand."""

import gzip

import pytest
import zstandard
from reference import Folder, canonical, is_customer_file, parse


def test_values():
    parsed = parse(
        b'{"wid":"a\\u00e9\\n","n":1.50,"o": { "x" : 1E5 } ,"l":[1 ,2],"t":true,"z":null,"Wid 2":"" }\n'
        b'{"source_file":"s","":-0,"big":123456789012345678901234567890,"p":{"l":"\\ud800"}}\n'
    )
    assert parsed.rows == [
        {"wid": "aé\n", "n": "1.50", "o": '{ "x" : 1E5 }', "l": "[1 ,2]", "t": "true", "wid_2": ""},
        {"_source_file": "s", "_": "-0", "big": "123456789012345678901234567890", "p": '{"l":"\\ud800"}'},
    ]
    assert not parsed.rejected


def test_lines_numbers_and_offsets():
    parsed = parse(b'\xef\xbb\xbf{"a":1}\r\nbad\r\n\r\n  \n{"a":2}{"a":3}\n{"a":"\xff"}\n{"a":"4"}')
    assert parsed.rows == [{"a": "1"}, {"a": "4"}]
    assert [(r.line_number, r.byte_offset, r.raw_line) for r in parsed.rejected] == [
        (2, 12, b"bad"),
        (5, 22, b'{"a":2}{"a":3}'),
        (6, 37, b'{"a":"\xff"}'),
    ]
    assert (parsed.lines, parsed.blank, parsed.held) == (7, 2, True)


def test_repeated_keys():
    parsed = parse(b'{"a":1,"a":"2"}\n{"a":1,"A":null}\n{"a b":1,"a_b":2}\n')
    assert parsed.rows == [{"a": "2"}, {}]
    assert [r.line_number for r in parsed.rejected] == [3]


@pytest.mark.parametrize(
    "line",
    [b"[1]", b"1", b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":tru}', b'{"a":01}', b'{"a":1}x', b'{"a":"\\ud800"}',
     b'{"a":"\x01"}', b"{'a':1}", b'{"a":1,}', b'{"a":1', b"\x0c", b'{"a":{"b":[1 2,,]}}'],
)  # fmt: skip
def test_bad_lines(line):
    assert [r.raw_line for r in parse(line).rejected] == [line]


def test_compression_is_seen_by_content():
    plain = b'{"a":1}\n{"a":2}\n'
    two_frames = zstandard.compress(plain[:8]) + zstandard.compress(plain[8:])
    for data in (plain, gzip.compress(plain), gzip.compress(plain[:8]) + gzip.compress(plain[8:]), two_frames):
        assert parse(data).rows == [{"a": "1"}, {"a": "2"}]


def test_folder_keeps_old_rows_of_a_held_file():
    folder = Folder()
    folder.observe({"x": b'{"a":1}', "y": b""})
    folder.observe({"x": b"bad\n"})
    assert folder.rows == {"x": canonical([{"a": "1"}])}
    folder.observe({})
    assert folder.rows == {}


def test_ignored_names():
    assert [n for n in ("a", ".a", "_a", "d/_a", "_d/a", "d/a_b.c") if is_customer_file(n)] == ["a", "d/a_b.c"]

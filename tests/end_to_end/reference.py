"""What the tables must hold for a file, worked out the slow and obvious way.

Shares no code with the loader: Python's json decides what is JSON, one line at a time.
"""

import dataclasses
import gzip
import json
import os
import pathlib
import re
import sys

import zstandard
from s3_path import S3Path

RESERVED = ("source_file", "source_version", "file_version", "ingest_time")
MAX_REJECTED = 0.5

sys.setrecursionlimit(10_000)


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_int=str, parse_float=str)
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclasses.dataclass
class Rejected:
    line_number: int
    byte_offset: int
    raw_line: bytes


@dataclasses.dataclass
class ParsedFile:
    rows: list = dataclasses.field(default_factory=list)  # {folded column name: text}, without NULLs
    rejected: list = dataclasses.field(default_factory=list)
    lines: int = 0
    blank: int = 0

    @property
    def held(self):
        return len(self.rejected) > MAX_REJECTED * (len(self.rows) + len(self.rejected))


def column_name(key):
    name = re.sub(r"[ ,;{}()=\t\n]", "_", key) or "_"
    return "_" + name if name.lower() in RESERVED else name


def decompress(data):
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
            return reader.read()
    return data


def parse_row(line):
    """{column: text} of one line; ValueError when it is not exactly one JSON object that can be a row."""
    text = line.decode("utf-8")  # UnicodeDecodeError is a ValueError
    value, end = _DECODER.raw_decode(text, _SPACE.match(text).end())
    if not isinstance(value, dict) or _SPACE.match(text, end).end() != len(text):
        raise ValueError("not exactly one JSON object")
    cells, key_of = {}, {}
    at = text.index("{") + 1
    while True:
        at = _SPACE.match(text, at).end()
        if text[at] == "}":
            break
        if text[at] == ",":
            at = _SPACE.match(text, at + 1).end()
        key, at = _DECODER.raw_decode(text, at)
        at = _SPACE.match(text, at).end()
        assert text[at] == ":"
        start = _SPACE.match(text, at + 1).end()
        value, at = _DECODER.raw_decode(text, start)
        key.encode("utf-8")  # a lone surrogate has no UTF-8
        name = column_name(key).lower()
        if key_of.setdefault(name, key.lower()) != key.lower():
            raise ValueError("two keys are one column")
        cells[name] = value if text[start] == '"' or value is None else text[start:at]  # repeated: the last counts
    row = {name: cell for name, cell in cells.items() if cell is not None}
    for cell in row.values():
        cell.encode("utf-8")
    return row


def parse(data):
    """Of a file's bytes, compressed or not."""
    data = decompress(data)
    out = ParsedFile()
    offset = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while offset < len(data):
        end = data.find(b"\n", offset)
        end = len(data) if end < 0 else end
        line = data[offset:end]
        out.lines += 1
        if not line.strip(b" \t\r"):
            out.blank += 1
        else:
            try:
                out.rows.append(parse_row(line))
            except ValueError:
                out.rejected.append(Rejected(out.lines, offset, line.rstrip(b"\r")))
        offset = end + 1
    assert out.lines == len(out.rows) + len(out.rejected) + out.blank
    return out


def is_customer_file(path):
    return not any(part.startswith((".", "_")) for part in path.split("/"))


def read_folder(folder):
    """{source_file: bytes} of the customer files below the folder."""
    if isinstance(folder, S3Path):
        return {key: (folder / key).read_bytes() for key in folder.objects() if is_customer_file(key)}
    out = {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = pathlib.Path(base, name)
            key = path.relative_to(folder).as_posix()
            if is_customer_file(key):
                out[key] = path.read_bytes()
    return out


def canonical(rows):
    """Rows as something that compares: order and spelling of names do not count, repetition does."""
    return sorted(tuple(sorted(row.items())) for row in rows)


class Folder:
    """Remembers what each file's rows must be while the folder changes from sync to sync."""

    def __init__(self):
        self.rows = {}  # source_file: canonical rows
        self.parsed = {}  # source_file: ParsedFile of its newest content

    def observe(self, files):
        """After a sync of the folder with these {source_file: bytes}."""
        self.parsed = {name: parse(data) for name, data in files.items()}
        self.rows = {name: rows for name, rows in self.rows.items() if name in files}
        for name, parsed in self.parsed.items():
            if not parsed.held:
                self.rows[name] = canonical(parsed.rows)

"""Random folders of customer files and random changes to them, repeatable by seed."""

import gzip
import json
import os
import pathlib
import random

import zstandard
from reference import parse
from s3_path import S3Path, can_hold

NAMES = [
    "id-1.txt",
    "id-2.txt",
    "plain",
    "a/b/c/deep.json",
    "a/other.txt",
    "with space.txt",
    "o'brien.txt",
    "x' OR '1'='1",
    'say "hi".txt',
    "100%.txt",
    "%41.txt",
    "A.txt",
    "a+b&c=d.txt",
    "q?a#b.txt",
    "semi;colon,comma.txt",
    "back\\slash.txt",
    "ünïcödé/Ωмега.txt",
    "数据-🎉.ndjson",
    "tab\there.txt",
    "new\nline.txt",
    "trailing.",
    "trailing ",
    "-dash.txt",
    "source_file=x/part.txt",
    "z" * 250,
    "dots..in..name",
]

IGNORED_NAMES = [".hidden", "_SUCCESS", "a/.part.tmp", "_work/x.txt", ".dir/y.txt"]

_TEXTS = [
    "1.50", "1E5", "-0", "100.0", "0", "-1.25e-7", "9223372036854775808", "123456789012345678901234567890",
    "true", "false", "null", '""', '"x"', '"tab\\tand \\"quote\\""', '"\\u00e9\\ud83c\\udf89"', '"é🎉"', '"\\/"',
    "[]", "{}", "[ 1 ,2,  3 ]", '{"a":{"b":[null,{"c":1.0}]}}', '{ "spaced" : 1 }', '{"dup":1,"dup":2}',
    '{"nul":"\\u0000"}', '{"lone":"\\ud800"}', '{"{\\"":"}"}', '[[[[["deep"]]]]]', '{"x":"' + "y" * 300 + '"}',
]  # fmt: skip

_EXTRA_KEYS = ["extra", "Extra 2", "amount(usd)", "ключ", "source_file", "File_Version", "a.b", "", "UPPER"]

_BAD_LINES = [
    b"garbage",
    b'{"wid": "1", "ut_id":',
    b'{"wid": "1"} {"wid": "2"}',
    b'{"wid": "1"}{"wid": "2"}',
    b'{"wid": "1"},',
    b'[{"wid": "1"}]',
    b'"just a string"',
    b"42",
    b"null",
    b'{"wid": NaN}',
    b'{"wid": "1", "json_data": {"x": Infinity}}',
    b'{"wid": "1", "json_data": {"b": tru}}',
    b'{"wid": "1", "json_data": [1 2,,]}',
    b'{"wid": "1", "json_data": {"a": 01}}',
    b'{"wid": "1", "json_data": {"a": .5}}',
    b'{"wid": "1", "json_data": {"a": +1}}',
    b'{"wid": "1", "json_data": {"a": 1.}}',
    b'{"wid": "\xff\xfe"}',
    b'{"wid": "1", "json_data": {"x": "\xc3"}}',
    b'{"wid": "\xed\xa0\x80"}',
    b'{"wid": "\\ud800"}',
    b'{"wid": "raw\x01control"}',
    b'{"wid": "raw\ttab"}',
    b'{"wid": "bad \\x escape"}',
    b"{'wid': '1'}",
    b"{wid: 1}",
    b'{"wid": "1"',
    b"{",
    b"}",
    b'{"wid": "1"} // comment',
    b'{"wid": "1",}',
    b'{"wid" "1"}',
    b'{"a b": 1, "a_b": 2}',
    b'{"wid": "1"}\x00',
    b"\x00\x00",
    b"\x0c",
    b'\xef\xbb\xbf{"wid": "1"}',
    b"\xc2\xa0",
]


class RandomFolder:
    def __init__(self, path, seed, max_files=6, max_rows=12):
        self.path = path if isinstance(path, S3Path) else pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.random = random.Random(seed)
        self.max_rows = max_rows
        names = [n for n in NAMES if can_hold(n)] if isinstance(path, S3Path) else NAMES
        self.names = self.random.sample(names, self.random.randint(1, max_files))
        self.ignored = self.random.sample(IGNORED_NAMES, self.random.randint(0, 2))
        self.extra_keys = _EXTRA_KEYS
        self.history = {}  # name: contents it has had
        self.serial = 0

    # -- contents

    def value(self):
        if self.random.random() < 0.3:
            return json.dumps(self.random.choice(["u1", "naïve", "", "0001", "a\nb", "NULL"]))
        return self.random.choice(_TEXTS)

    def good_line(self):
        r = self.random
        self.serial += 1
        pairs = [('"wid"', json.dumps(f"{self.serial:05}")), ('"ut_id"', self.value()), ('"json_data"', self.value())]
        if r.random() < 0.1:
            pairs[1] = ('"UT_ID"', pairs[1][1])
        if r.random() < 0.1:
            pairs.pop(r.randrange(3))
        if r.random() < 0.1:
            pairs.append((json.dumps(r.choice(self.extra_keys)), self.value()))
        if r.random() < 0.03:
            pairs.append((r.choice(['"wid"', '"WID"', '"ut_id"']), self.value()))
        if r.random() < 0.02:
            pairs = []
        comma, colon = r.choice([(",", ":"), (", ", ": "), (" , ", " :")])
        line = "{" + comma.join(key + colon + value for key, value in pairs) + "}"
        return (r.choice(["", "", "", " ", "\t"]) + line + r.choice(["", "", "", " "])).encode()

    def content(self):
        r = self.random
        kind = r.random()
        if kind < 0.05:
            return b""
        if kind < 0.08:
            return b"\n \n\r\n"
        bad = r.choice([0, 0, 0, 0, 0.1, 0.1, 0.3, 0.8])
        lines = []
        for _ in range(r.randint(1, self.max_rows)):
            if r.random() < 0.08:
                lines.append(r.choice([b"", b"  ", b"\t"]))
            lines.append(r.choice(_BAD_LINES) if r.random() < bad else self.good_line())
        end = b"\r\n" if r.random() < 0.15 else b"\n"
        data = end.join(lines) + (end if r.random() < 0.8 else b"")
        if r.random() < 0.1:
            data = b"\xef\xbb\xbf" + data
        packed = r.random()
        if packed < 0.05:
            data = gzip.compress(data)
        elif packed < 0.08:
            half = len(data) // 2
            data = gzip.compress(data[:half]) + gzip.compress(data[half:])
        elif packed < 0.12:
            data = zstandard.ZstdCompressor().compress(data)
        return data

    # -- changes

    def write(self, name, data):
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if self.random.random() < 0.5 and not isinstance(target, S3Path):
            partial = target.parent / ".partial"
            partial.write_bytes(data)
            os.rename(partial, target)
        else:
            target.write_bytes(data)

    def delete(self, name):
        (self.path / name).unlink(missing_ok=True)

    def change(self):
        """One random change of one file: new, overwritten, back to an earlier content, touched, deleted."""
        r = self.random
        name = r.choice(self.names)
        before = self.history.setdefault(name, [])
        kind = r.random()
        if kind < 0.2:
            self.delete(name)
        elif kind < 0.4 and before:
            self.write(name, r.choice(before))
        elif kind < 0.5 and (self.path / name).exists():
            (self.path / name).touch()
        else:
            before.append(self.content())
            self.write(name, before[-1])

    def fill(self):
        for name in self.ignored:
            self.write(name, b"not a customer's file\n")
        for name in self.names:
            if self.random.random() < 0.8:
                self.history.setdefault(name, []).append(self.content())
                self.write(name, self.history[name][-1])

    def changes(self):
        for _ in range(self.random.randint(1, 2 * len(self.names))):
            self.change()


class GoodFolder(RandomFolder):
    """No file is ever held: what the tables must hold depends on the folder's state alone."""

    def content(self):
        while True:
            data = super().content()
            if not parse(data).held:
                return data

"""Random sources: more files than end_to_end's, columns that come later, and rows of pinned types."""

import json

from folders import NAMES, RandomFolder
from reference import Folder, canonical
from s3_path import S3Path, can_hold

SCHEMA = "wid STRING, n BIGINT, x DOUBLE, ok BOOLEAN, json_data STRING"


class Source(RandomFolder):
    """10 to 60 files of up to 50 rows."""

    schema = None

    def __init__(self, path, seed):
        super().__init__(path, seed)
        odd = [n for n in NAMES if can_hold(n)] if isinstance(path, S3Path) else NAMES
        count = self.random.randint(10, 60)
        odd = self.random.sample(odd, min(len(odd), count // 4))
        plain = [f"{folder}customer-{n}.txt" for n in range(count) for folder in ("", "b/")]
        self.names = odd + self.random.sample(plain, count - len(odd))
        self.later_keys = self.random.sample(self.extra_keys, len(self.extra_keys))
        self.extra_keys = [self.later_keys.pop()]

    def content(self):
        self.max_rows = self.random.choice([2, 2, 5, 12, 50])
        return super().content()

    def changes(self):
        for _ in range(self.random.randint(1, max(2, len(self.names) // 3))):
            self.change()

    def widen(self):
        """From now on rows may have one key more, and one file has it at once."""
        if not self.later_keys:
            return False
        key = self.later_keys.pop()
        self.extra_keys = [*self.extra_keys, key]
        self.write(self.random.choice(self.names), ("{%s: 1}\n" % json.dumps(key)).encode())
        return True

    def model(self):
        return Folder()


_NUMBERS = ["0", "-1", "7", "9223372036854775807", "-9223372036854775808", "null"]
_DOUBLES = ["0.5", "-0.0", "1e300", "5e-324", "-1.7976931348623157e308", "3", "null"]
_TRUTHS = ["true", "false", "null"]


class TypedSource(Source):
    """Rows of pinned types: a BIGINT, a DOUBLE, a BOOLEAN among the strings."""

    schema = SCHEMA

    def good_line(self):
        r = self.random
        self.serial += 1
        row = {
            "wid": json.dumps(f"{self.serial:05}"),
            "n": r.choice(_NUMBERS),
            "x": r.choice(_DOUBLES),
            "ok": r.choice(_TRUTHS),
            "json_data": self.value(),
        }
        left = [name for name in row if name == "wid" or r.random() < 0.9]
        return ("{" + ",".join(f'"{name}":{row[name]}' for name in left) + "}").encode()

    def widen(self):
        return False  # pinned columns stay as they are

    def model(self):
        return TypedFolder()


_CONVERSIONS = {"n": int, "x": float, "ok": lambda text: text == "true"}


class TypedFolder(Folder):
    """The reference's texts as values of the pinned types."""

    def observe(self, files):
        super().observe(files)
        for name, parsed in self.parsed.items():
            if not parsed.held:
                self.rows[name] = canonical(
                    {c: _CONVERSIONS.get(c, str)(text) for c, text in row.items()} for row in parsed.rows
                )

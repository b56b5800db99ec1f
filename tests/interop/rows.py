"""Rows of different engines in one form, so that they compare: a schema, and a multiset of tuples."""

import collections
import dataclasses
import datetime
import json
import math
import re

import pyarrow as pa


@dataclasses.dataclass(frozen=True)
class Rows:
    schema: tuple  # (name, Delta type), in order
    bag: collections.Counter  # of tuples of values

    def __len__(self):
        return self.bag.total()

    def records(self):
        """Each row as a dict."""
        names = [name for name, _ in self.schema]
        return [dict(zip(names, row)) for row in self.bag.elements()]


def _delta_type(arrow):
    if pa.types.is_dictionary(arrow):
        arrow = arrow.value_type
    if pa.types.is_string(arrow) or pa.types.is_large_string(arrow) or arrow == pa.string_view():
        return "string"
    if pa.types.is_binary(arrow) or pa.types.is_large_binary(arrow) or arrow == pa.binary_view():
        return "binary"
    if pa.types.is_timestamp(arrow):
        return "timestamp" if arrow.tz else "timestamp_ntz"
    if pa.types.is_decimal(arrow):
        return f"decimal({arrow.precision},{arrow.scale})"
    names = {
        pa.int8(): "byte", pa.int16(): "short", pa.int32(): "integer", pa.int64(): "long", pa.bool_(): "boolean",
        pa.float32(): "float", pa.float64(): "double", pa.date32(): "date",
    }  # fmt: skip
    return names[arrow]


_ARROW = {"string": pa.large_string(), "binary": pa.large_binary()}


def _values(column, kind):
    if kind.startswith("timestamp"):
        return column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).to_pylist()
    values = (column.cast(_ARROW[kind]) if kind in _ARROW else column).to_pylist()
    if kind in ("float", "double"):
        return ["NaN" if value is not None and math.isnan(value) else value for value in values]
    return values


def from_arrow(table):
    """Timestamps become microseconds since 1970, NaN a word that is equal to itself."""
    schema = tuple((field.name, _delta_type(field.type)) for field in table.schema)
    columns = [_values(table.column(i), kind) for i, (_, kind) in enumerate(schema)]
    return Rows(schema, collections.Counter(zip(*columns) if columns else [() for _ in range(table.num_rows)]))


# -- as `rtloader show --json` writes them (docs/commands.md)

_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_EPOCH = datetime.datetime(1970, 1, 1)


def _shown(kind, value):
    if value is None:
        return None
    if kind == "binary":
        return _NOT_UTF8.sub(lambda m: "\\x%02x" % (ord(m[0]) - 0xDC00), value.decode("utf-8", "surrogateescape"))
    if kind == "timestamp":
        return (_EPOCH + datetime.timedelta(microseconds=value)).isoformat(timespec="microseconds") + "Z"
    if kind == "double" and isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def as_shown(rows):
    kinds = [kind for _, kind in rows.schema]
    out = collections.Counter()
    for row, count in rows.bag.items():
        out[tuple(_shown(kind, value) for kind, value in zip(kinds, row))] += count
    return out


def from_show(text):
    """(names, bag) of show's output; names are None when there is no row."""
    names, bag = None, collections.Counter()
    for line in text.split("\n")[:-1]:  # not splitlines: U+2028 is no end of a line
        row = json.loads(line)
        if names is None:
            names = tuple(row)
        assert tuple(row) == names, f"show changes its columns from {names} to {tuple(row)}"
        bag[tuple(row.values())] += 1
    return names, bag


def difference(got, want):
    """Two bags that differ, in a few words."""
    extra, missing = got - want, want - got
    return (
        f"{got.total()} rows, expected {want.total()};"
        f" unexpected {extra.total()}: {list(extra.items())[:2]!r}; missing {missing.total()}: {list(missing.items())[:2]!r}"
    )

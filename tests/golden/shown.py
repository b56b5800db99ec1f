"""Rows as `rtloader show --json` prints them, and the same rows from Parquet files or another engine.

Both become values of plain Python that are equal when the rows are. Which type a value has is known from the Arrow type
alone: nothing that the program prints decides how it is judged.
"""

import collections
import datetime
import decimal
import io
import json
import struct

import program
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq


MANY = 10_000  # rows


def show_text(table, *flags):
    done = program.run("show", table, "--json", "--limit", "0", *flags, timeout=600)
    assert done.code == program.OK, f"show {table} {flags}: {done}"
    return done.out


def show(table, *flags):
    """Parsed rows in the order printed."""
    return [json.loads(line, parse_int=_Int, parse_float=_Float) for line in show_text(table, *flags).split("\n") if line]


def assert_shows(table, rows, *flags):
    """`rows`, an Arrow table, in any order is what is shown."""
    if rows.num_rows <= MANY:
        assert counted(show(table, *flags), rows.schema) == counted_arrow(rows)
        return
    # Flat columns of numbers and text alone: compared as columns.
    as_text = [f.with_type(pa.string()) if pa.types.is_decimal(f.type) else f for f in rows.schema]
    options = pa.json.ParseOptions(explicit_schema=pa.schema(as_text), unexpected_field_behavior="error")
    shown = pa.json.read_json(io.BytesIO(show_text(table, *flags).encode()), parse_options=options).cast(rows.schema)
    by_all = [(name, "ascending") for name in rows.column_names]
    assert shown.sort_by(by_all).equals(rows.sort_by(by_all))


class _Int(int):
    """An integer of the JSON text, and the text: -0 is one too."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number


class _Float(str):
    """The digits of a number, not rounded."""


def _text_of_days(days):
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=days)).isoformat()


def _text_of_micros(micros, zone):
    seconds, rest = divmod(micros, 1_000_000)
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return f"{time.year:04}-{time:%m-%dT%H:%M:%S}.{rest:06}{'Z' if zone else ''}"


_MICROS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def _in_micros(scalar):
    if scalar.type.unit == "ns":
        return scalar.value // 1_000
    return scalar.value * _MICROS[scalar.type.unit]


def expected(scalar):
    """The value that an Arrow scalar must be printed as, comparable with actual()."""
    kind = scalar.type
    if not scalar.is_valid:
        return None
    if pa.types.is_struct(kind):
        return tuple(sorted((field.name, expected(scalar[field.name])) for field in kind))
    if pa.types.is_map(kind):
        return tuple(sorted((expected(entry[0]), expected(entry[1])) for entry in _entries(scalar)))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return tuple(expected(item) for item in scalar)
    if pa.types.is_timestamp(kind):
        return _text_of_micros(_in_micros(scalar), kind.tz is not None)
    if pa.types.is_date(kind):
        return _text_of_days(scalar.value)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return scalar.as_py().decode("utf-8", "backslashreplace")
    if pa.types.is_decimal(kind):
        return f"{scalar.as_py():f}"
    if pa.types.is_float32(kind) or pa.types.is_float64(kind):
        return _bits(scalar.as_py(), pa.types.is_float32(kind))
    return scalar.as_py()


def _entries(scalar):
    entries = scalar.values
    return [] if entries is None else [(entry["key"], entry["value"]) for entry in entries]


def _bits(value, single):
    """-0.0 and every digit count; all NaN are one."""
    value = float(value)
    return "NaN" if value != value else struct.pack("<f" if single else "<d", value)


def actual(value, kind):
    """What was printed for a value of Arrow type `kind`."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        assert sorted(value) == sorted(field.name for field in kind), value
        return tuple(sorted((field.name, actual(value[field.name], field.type)) for field in kind))
    if pa.types.is_map(kind):
        pairs = value.items() if isinstance(value, dict) else [(entry["key"], entry["value"]) for entry in value]
        return tuple(sorted((actual(k, kind.key_type), actual(v, kind.item_type)) for k, v in pairs))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return tuple(actual(item, kind.value_type) for item in value)
    if pa.types.is_float32(kind) or pa.types.is_float64(kind):
        return _bits(getattr(value, "text", value), pa.types.is_float32(kind))
    if pa.types.is_decimal(kind):
        assert isinstance(value, str) and -decimal.Decimal(value).as_tuple().exponent == kind.scale, value
        return value
    if pa.types.is_integer(kind):
        assert isinstance(value, _Int), value
        return int(value)
    if pa.types.is_boolean(kind):
        assert isinstance(value, bool), value
        return value
    assert isinstance(value, str) and not isinstance(value, _Float), value
    return value


def counted(rows, schema):
    """Printed rows as a multiset; each must have exactly the schema's columns."""
    names = set(schema.names)
    bag = collections.Counter()
    for row in rows:
        assert set(row) == names, (sorted(row), sorted(names))
        bag[tuple((field.name, actual(row[field.name], field.type)) for field in schema)] += 1
    return bag


def counted_arrow(table):
    columns = [[(name, expected(value)) for value in table.column(name)] for name in table.column_names]
    return collections.Counter(zip(*columns, strict=True)) if columns else collections.Counter()


def parquet_rows(folder):
    """All Parquet files below `folder` as one Arrow table; None when there are none. Instants of the old physical type INT96
    carry no zone in the file: they are in UTC, as all are."""
    files = sorted(path for path in folder.rglob("*.parquet") if path.is_file()) if folder.is_dir() else []
    if not files:
        return None
    tables = [_with_zones(path) for path in files]
    return pa.concat_tables([table.cast(tables[0].schema) for table in tables])


def _with_zones(path):
    file = pq.ParquetFile(path, coerce_int96_timestamp_unit="us")
    table = file.read()
    int96 = {file.schema.column(i).path for i in range(len(file.schema)) if file.schema.column(i).physical_type == "INT96"}
    fields = [
        field.with_type(pa.timestamp("us", "UTC")) if field.name in int96 else field for field in table.schema
    ]
    return table.cast(pa.schema(fields))

"""One table at one version through each engine, every one with a Delta reader of its own (Polars takes the log from
deltalake and reads the files itself). All of them can read an older version."""

import collections
import functools
import threading

import deltalake
import duckdb
import pyarrow
import pytest
import rows
import servers
import spark as spark_session
from duckdb_extensions import import_extension
from program import OK, run
from s3_path import S3Path


refused = collections.Counter()  # (engine, feature): tables that it said it cannot read


class Place:
    """How each engine is told where a table is."""

    def __init__(self, path):
        self.in_s3 = isinstance(path, S3Path)
        self.path = str(path)
        self.for_spark = self.path.replace("s3://", "s3a://", 1)
        self.for_duckdb = str(path.behind) if self.in_s3 else self.path  # its S3 reader is an extension we do not have
        self.options = servers.environment(path.server.url) if self.in_s3 else None


class Spark:
    name = "Spark"

    def __init__(self, session):
        self.session = session

    def read(self, place, version):
        reader = self.session.read.format("delta").option("versionAsOf", version)
        return rows.from_arrow(reader.load(place.for_spark).toArrow())


class DeltaLake:
    name = "deltalake"

    def read(self, place, version):
        table = deltalake.DeltaTable(place.path, version=version, storage_options=place.options)
        query = deltalake.QueryBuilder().register("t", table).execute("SELECT * FROM t")
        return rows.from_arrow(pyarrow.table(query))


class DuckDB:
    name = "DuckDB"

    def __init__(self):
        import_extension("delta")
        self._connection = duckdb.connect(config={"threads": 2})
        self._connection.execute("LOAD delta; SET TimeZone = 'UTC'")
        self._lock = threading.Lock()

    def read(self, place, version):
        with self._lock:
            query = f"SELECT * FROM delta_scan($path, version = {version})"
            return rows.from_arrow(self._connection.execute(query, {"path": place.for_duckdb}).to_arrow_table())


class Polars:
    name = "Polars"
    refuses = "v2Checkpoint"  # by name: it then takes no part

    def read(self, place, version):
        spark_session.add_to_path()
        polars = pytest.importorskip("polars", reason="Polars is not installed: tools/engines")
        try:
            frame = polars.scan_delta(place.path, version=version, storage_options=place.options).collect()
        except deltalake.exceptions.DeltaProtocolError as e:
            if f"['{self.refuses}']" not in str(e):
                raise
            refused[self.name, self.refuses] += 1
            return None
        return rows.from_arrow(frame.to_arrow())


@functools.cache
def _show_flag():
    """Of the version to show."""
    return "--version" if "--version" in run("show", "--help").out else "--at"


def show(place, version):
    done = run("show", place.path, "--json", "--limit", "0", _show_flag(), str(version))
    assert done.code == OK, f"show of version {version}: {done}"
    return rows.from_show(done.out)


def check_agreement(engines, place, version, what):
    """Every engine's rows are those of the first one and those that `rtloader show` prints; returns them."""
    results = [(engine, engine.read(place, version)) for engine in engines]
    return compare(results, show(place, version), what)


def compare(results, shown, what):
    (first, want), *others = results
    for engine, got in others:
        if got is None:
            continue
        assert got.schema == want.schema, f"{what}: {engine.name} has {got.schema}, {first.name} {want.schema}"
        if got.bag != want.bag:
            words = rows.difference(got.bag, want.bag)
            raise AssertionError(f"{what}: {engine.name} against {first.name}: {words}")
    names, bag = shown
    wanted = rows.as_shown(want)
    if names is not None:
        columns = tuple(name for name, _ in want.schema)
        assert names == columns, f"{what}: show has {names}, {first.name} {columns}"
    if bag != wanted:
        raise AssertionError(f"{what}: rtloader show against {first.name}: {rows.difference(bag, wanted)}")
    return want

"""The tables as independent readers see them: deltalake and DuckDB."""

import json
import pathlib

import deltalake
import duckdb
import pyarrow
from duckdb_extensions import import_extension
from s3_path import S3Path

SNAPSHOT, RAW = "customer_data_snapshot", "customer_data_raw"
RECORDS, LOG, QUARANTINE = "file_records", "file_log", "quarantine"
SYSTEM_COLUMNS = ("source_file", "source_version", "file_version", "ingest_time")

_duckdb = None


def _duck():
    global _duckdb
    if _duckdb is None:
        import_extension("delta")
        _duckdb = duckdb.connect(config={"threads": 2})
        _duckdb.execute("LOAD delta")
    return _duckdb


def duck_rows(table):
    """All rows of a table of any maker, as an Arrow table."""
    return _duck().execute("SELECT * FROM delta_scan(?)", [str(table)]).to_arrow_table()


def _data_row(row):
    return {name.lower(): value for name, value in row.items() if name not in SYSTEM_COLUMNS and value is not None}


def arrow_table(table):
    """All rows of a deltalake.DeltaTable. Its older reader knows no deletion vectors and no V2 checkpoints."""
    if table.protocol().min_reader_version < 3:
        return table.to_pyarrow_table()
    return pyarrow.table(deltalake.QueryBuilder().register("t", table).execute("SELECT * FROM t"))


class Tables:
    def __init__(self, root):
        self.root = root if isinstance(root, S3Path) else pathlib.Path(root)
        self._read = {}

    def path(self, name):
        return str(self.root / name)

    def exists(self, name):
        return (self.root / name / "_delta_log" / f"{0:020}.json").exists()

    def version(self, name=SNAPSHOT):
        return deltalake.DeltaTable(self.path(name)).version()

    def commits(self, name=SNAPSHOT):
        """Parsed actions of each commit file, by version."""
        out = {}
        log = self.root / name / "_delta_log"
        names = log.objects() if isinstance(log, S3Path) else [p.name for p in log.iterdir()]
        for path in [log / name for name in sorted(names) if name.endswith(".json")]:
            stem = path.name.removesuffix(".json")
            if stem.isdigit():
                out[int(stem)] = [json.loads(line) for line in path.read_text().splitlines()]
        return out

    def records(self, name, version=None):
        """All rows of a table as dicts, by deltalake. A version never changes: the last ones read are kept."""
        if version is None:
            version = self.version(name)
        if (name, version) not in self._read:
            table = arrow_table(deltalake.DeltaTable(self.path(name), version=version))
            if "ingest_time" in table.column_names:
                assert table.column("ingest_time").null_count == 0
                table = table.drop_columns(["ingest_time"])
            if len(self._read) >= 10:
                self._read.pop(next(iter(self._read)))
            self._read[name, version] = table.to_pylist()
        return self._read[name, version]

    def _duck_path(self, name):
        return str((self.root / name).behind) if isinstance(self.root, S3Path) else self.path(name)

    def records_by_duckdb(self, name, columns="* EXCLUDE (ingest_time)"):
        relation = _duck().execute(f"SELECT {columns} FROM delta_scan(?)", [self._duck_path(name)])
        return relation.to_arrow_table().to_pylist()

    def count_by_duckdb(self, name=SNAPSHOT):
        return _duck().execute("SELECT count(*) FROM delta_scan(?)", [self._duck_path(name)]).fetchone()[0]

    def count(self, name=SNAPSHOT, version=None):
        return deltalake.DeltaTable(self.path(name), version=version).to_pyarrow_dataset().count_rows()


def by_file(records):
    """{source_file: canonical rows}"""
    out = {}
    for record in records:
        out.setdefault(record["source_file"], []).append(tuple(sorted(_data_row(record).items())))
    return {name: sorted(rows) for name, rows in out.items()}


def by_version(records):
    """{(source_file, file_version): canonical rows}"""
    out = {}
    for record in records:
        key = (record["source_file"], record["file_version"])
        out.setdefault(key, []).append(tuple(sorted(_data_row(record).items())))
    return {key: sorted(rows) for key, rows in out.items()}

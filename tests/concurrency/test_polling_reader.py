"""A reader that polls the snapshot while a large file is overwritten sees whole versions only."""

import os
import threading
import time

import deltalake
import pytest
from program import Watch, sync, verify, wait_until
from readers import SNAPSHOT, Tables
from s3_path import S3Path

ROWS = int(os.environ.get("RTLOADER_TEST_POLL_ROWS", "100000"))
OVERWRITES = int(os.environ.get("RTLOADER_TEST_POLL_OVERWRITES", "100"))
S3_OVERWRITES = int(os.environ.get("RTLOADER_TEST_S3_POLL_OVERWRITES", "40"))


def content(marker):
    line = '{"wid":"m%d","ut_id":"u%%d","json_data":{"n":%%d}}\n' % marker
    return "".join([line % (n, n) for n in range(ROWS)]).encode()


def replace(path, data):
    if isinstance(path, S3Path):
        path.write_bytes(data)
        return
    partial = path.parent / ".partial"
    partial.write_bytes(data)
    os.rename(partial, path)


class Reader(threading.Thread):
    """Reads every version of the table that it meets and notes its markers and its number of rows."""

    def __init__(self, tables):
        super().__init__()
        self.tables, self.seen, self.finish, self.failure = tables, {}, False, None

    def read(self, table):
        rows = table.to_pyarrow_table()
        markers = rows.column("wid").unique().to_pylist() if rows.num_rows else []
        self.seen[table.version()] = (markers, rows.num_rows)

    def run(self):
        try:
            while not self.finish:
                table = deltalake.DeltaTable(self.tables.path(SNAPSHOT))
                if table.version() in self.seen:
                    time.sleep(0.01)
                else:
                    self.read(table)
        except Exception as e:
            self.failure = e


@pytest.mark.parametrize("place,overwrites", [("local", OVERWRITES), ("s3", S3_OVERWRITES)], indirect=["place"])
def test_polling_reader(place, overwrites):
    source, tables = place / "in", Tables(place / "tables")
    source.mkdir()
    (source / "other.txt").write_text('{"wid":"m0"}\n')
    replace(source / "id-1.txt", content(0))
    sync(source, tables.root, expect=0)
    first = tables.version()
    reader = Reader(tables)
    reader.start()
    try:
        with Watch(source, tables.root):
            for marker in range(1, overwrites + 1):
                data = content(marker)
                version = tables.version()
                replace(source / "id-1.txt", data)
                # overwrite again when this one is in the table, or, every third time, in the middle of the load
                if marker % 3:
                    wait_until(lambda: tables.version() > version, what=f"version {marker} in the snapshot")
            wait_until(
                lambda: f"m{overwrites}" in deltalake.DeltaTable(tables.path(SNAPSHOT))
                .to_pyarrow_table(columns=["wid"]).column("wid").unique().to_pylist(),
                what="the last version in the snapshot",
            )  # fmt: skip
    finally:
        reader.finish = True
        reader.join()
    if reader.failure:
        raise reader.failure

    sync(source, tables.root, expect=0)
    verify(source, tables.root)
    # the versions that the polling reader did not meet are read as well
    live = len(reader.seen)
    for version in range(first, tables.version() + 1):
        if version not in reader.seen:
            reader.read(deltalake.DeltaTable(tables.path(SNAPSHOT), version=version))
    last, whole = -1, set()
    for version, (markers, rows) in sorted(reader.seen.items()):
        assert rows == ROWS + 1, f"version {version} has {rows} rows"
        numbers = {int(m[1:]) for m in markers} - {0}
        assert len(numbers) <= 1, f"version {version} mixes {markers}"
        number = numbers.pop() if numbers else 0
        assert number >= last, f"version {version} went back from {last} to {number}"
        last = number
        whole.add(number)
    assert last == overwrites
    assert len(whole) > overwrites * 0.6, f"only {len(whole)} versions of the file were seen"
    print(f"{live} versions read live, {len(reader.seen)} in all, {len(whole)} versions of the file")

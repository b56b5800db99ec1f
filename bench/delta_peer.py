"""The steps of delta.py by deltalake, each in a process of its own: delta_peer.py STEP TABLE [ARGUMENT...] prints JSON."""

import datetime
import gc
import json
import os
import pathlib
import sys
import time

import deltalake
import pyarrow
import pyarrow.dataset


def _resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def _trimmed():
    import ctypes

    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return _resident()


def open_(table):
    """DeltaTable(path) reads the list of files itself (without_files is off); file_uris() then makes it a Python list."""
    before = _trimmed()
    cpu = time.process_time()
    began = time.perf_counter()
    opened = deltalake.DeltaTable(table)
    seconds = time.perf_counter() - began
    cpu = time.process_time() - cpu
    grown = _resident() - before
    trimmed = _trimmed() - before
    began = time.perf_counter()
    files = len(opened.file_uris())
    uris_seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "cpu": cpu,
        "uris_seconds": uris_seconds,
        "files": files,
        "rss": grown,
        "rss_trimmed": trimmed,
    }


def _rows(name, file_version):
    columns = {
        "wid": [str(row) for row in range(40)],
        "ut_id": [f"u{row}" for row in range(40)],
        "json_data": ['{"round":%d,"amount":%d}' % (file_version, row * 37) for row in range(40)],
        "source_file": [name] * 40,
        "source_version": ["etag"] * 40,
        "file_version": pyarrow.array([file_version] * 40, pyarrow.int64()),
        "ingest_time": pyarrow.array([datetime.datetime.now(datetime.UTC)] * 40, pyarrow.timestamp("us", "UTC")),
    }
    return pyarrow.table(columns)


def replace(table, name, times):
    opened = deltalake.DeltaTable(table)
    hooks = deltalake.PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
    seconds = []
    for number in range(int(times)):
        began = time.perf_counter()
        rows = _rows(name, 2 + number)
        predicate = f"source_file = '{name}'"
        deltalake.write_deltalake(opened, rows, mode="overwrite", predicate=predicate, post_commithook_properties=hooks)
        seconds.append(time.perf_counter() - began)
    return {"seconds": seconds, "files": len(deltalake.DeltaTable(table).file_uris())}


def rows(table, name):
    opened = deltalake.DeltaTable(table)
    query = f"SELECT file_version FROM bench WHERE source_file = '{name}'"
    found = pyarrow.table(deltalake.QueryBuilder().register("bench", opened).execute(query).read_all())
    versions = sorted(set(found.column("file_version").to_pylist()))
    return {"files": len(opened.file_uris()), "rows": len(found), "file_versions": versions}


def checkpoint(table):
    opened = deltalake.DeltaTable(table)
    began = time.perf_counter()
    opened.create_checkpoint()
    seconds = time.perf_counter() - began
    log = pathlib.Path(table) / "_delta_log"
    return {"seconds": seconds, "bytes": sum(p.stat().st_size for p in log.glob(f"{opened.version():020}.checkpoint*.parquet"))}


if __name__ == "__main__":
    steps = {"open": open_, "replace": replace, "rows": rows, "checkpoint": checkpoint}
    print(json.dumps(steps[sys.argv[1]](*sys.argv[2:])))

"""The same work by deltalake behind pyarrow, for comparison. Run as a program: peers.py one_file FILE TABLE."""

import pathlib
import sys
import time


def _read(path):
    import pyarrow as pa
    import pyarrow.json as pj

    table = pj.read_json(path, read_options=pj.ReadOptions(block_size=64 << 20))
    return table.append_column("source_file", pa.array([pathlib.Path(path).name] * len(table)))


def one_file(path, table):
    from deltalake import write_deltalake

    write_deltalake(table, _read(path), mode="overwrite")


def build(files, table, group=100):
    """All customers' rows, `group` customers to a Parquet file."""
    import pyarrow as pa
    from deltalake import write_deltalake

    for at in range(0, len(files), group):
        write_deltalake(table, pa.concat_tables([_read(f) for f in files[at : at + group]]), mode="append")


def replace(path, table):
    """Seconds from the file's being there to the visible commit."""
    from deltalake import write_deltalake

    began = time.perf_counter()
    predicate = f"source_file = '{pathlib.Path(path).name}'"
    write_deltalake(table, _read(path), mode="overwrite", predicate=predicate)
    return time.perf_counter() - began


if __name__ == "__main__":
    {"one_file": one_file}[sys.argv[1]](*sys.argv[2:])

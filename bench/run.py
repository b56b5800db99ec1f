#!/usr/bin/env python3
"""Measures rtloader and checks what it measured; prints Markdown. What each figure means: bench/README.md."""

import argparse
import json
import os
import pathlib
import platform
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time

import deltalake
import duckdb
import inputs
import peers
from duckdb_extensions import import_extension

PROJECT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("RTLOADER") or str(PROJECT / "build/release/src/rtloader")
SNAPSHOT = "customer_data_snapshot"

_results = []


def result(figure, who, value, note=""):
    """One row of the printed table."""
    _results.append((figure, who, value, note))
    print(f"  {who}: {value} {note}", file=sys.stderr, flush=True)


def print_results(columns):
    print(f"\n{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}\n")
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for row in _results:
        print("| " + " | ".join(row) + " |")


def measured(*command):
    """(seconds, peak MB) of a child process, start to exit."""
    began = time.perf_counter()
    child = subprocess.Popen([os.fspath(c) for c in command], stdout=subprocess.DEVNULL)
    # Not rusage: its peak begins with this process's own size at the fork.
    peak_kb = 0
    while child.poll() is None:
        try:
            status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
        except OSError:
            break
        if (peak := status.partition("VmHWM:")[2].split()) and "rtloader" in status.splitlines()[0]:
            peak_kb = max(peak_kb, int(peak[0]))
        time.sleep(0.002)
    child.wait()
    seconds = time.perf_counter() - began
    if child.returncode != 0:
        sys.exit(f"{command}: exit {child.returncode}")
    return seconds, peak_kb / 1024


def check_rows(table, rows):
    """Counted by two readers that know nothing of rtloader."""
    by_deltalake = deltalake.DeltaTable(str(table)).to_pyarrow_dataset().count_rows()
    import_extension("delta")
    with duckdb.connect() as duck:
        duck.execute("LOAD delta")
        by_duckdb = duck.execute("SELECT count(*) FROM delta_scan(?)", [str(table)]).fetchone()[0]
    if (by_deltalake, by_duckdb) != (rows, rows):
        sys.exit(f"{table}: deltalake counts {by_deltalake}, DuckDB {by_duckdb}, expected {rows}")


def fresh(path):
    shutil.rmtree(path, ignore_errors=True)
    return path


def spread(values, unit="s", digits=2):
    return f"{statistics.median(values):.{digits}f} {unit} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def one_file(args):
    """One file of 100,000 rows, process start to committed tables."""
    rows = 100_000
    source = inputs.folder(args.scratch, "one-file", files=1, rows=rows, length=340)
    megabytes = (source / "id-0.txt").stat().st_size / 1e6
    figure = f"one file, {rows:,} rows, {megabytes:.0f} MB"
    for flags, label in (([], "rtloader"), (["--no-raw"], "rtloader --no-raw")):
        seconds = []
        for _ in range(args.repeat or 5):
            tables = fresh(args.scratch / "tables")
            seconds.append(measured(PROGRAM, "sync", source, tables, *flags)[0])
            check_rows(tables / SNAPSHOT, rows)
        result(figure, label, spread(seconds), f"{megabytes / statistics.median(seconds):.0f} MB/s")
    if args.peers:
        seconds = []
        for _ in range(args.repeat or 5):
            table = fresh(args.scratch / "peer")
            script = pathlib.Path(peers.__file__)
            seconds.append(measured(sys.executable, script, "one_file", source / "id-0.txt", table)[0])
            check_rows(table, rows)
        result(figure, "deltalake", spread(seconds), f"{megabytes / statistics.median(seconds):.0f} MB/s")


def log_version(log):
    return max((int(p.stem) for p in log.glob("*.json") if p.stem.isdigit()), default=-1)


def commit_of(log, after, name, timeout=120):
    """Waits for the first commit after `after` that adds data of the file; returns when it was seen."""
    deadline = time.perf_counter() + timeout
    version = after + 1
    while time.perf_counter() < deadline:
        path = log / f"{version:020}.json"
        if not path.exists():
            time.sleep(0.0005)
            continue
        seen = time.perf_counter()
        for line in path.read_text().splitlines():
            add = json.loads(line).get("add")
            if add and add["dataChange"] and name in (add.get("tags") or {}).values():
                return seen
        version += 1
    sys.exit(f"no commit of {name} within {timeout} s")


def replacing(args):
    """One of N customers of 1,000 rows is overwritten while `watch` runs: rename to visible commit."""
    rows, length = 1000, 150
    for customers in args.customers:
        source = inputs.folder(args.scratch, f"customers-{customers}", customers, rows, length)
        figure = f"replacing one of {customers:,} customers of {rows:,} rows"
        tables = fresh(args.scratch / "tables")
        setup, _ = measured(PROGRAM, "sync", source, tables)
        time.sleep(2.5)  # files younger than two seconds are looked at once more: not in the measured part
        measured(PROGRAM, "sync", source, tables)
        watch = subprocess.Popen([PROGRAM, "watch", source, tables], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        latencies = []
        try:
            log = tables / SNAPSHOT / "_delta_log"
            chance = random.Random(0)
            for number in range((args.repeat or 20) + 1):
                name = f"id-{chance.randrange(customers)}.txt"
                partial = source / ".partial"
                partial.write_bytes(inputs.content(rows, length, seed=time.time_ns()))
                before = log_version(log)
                began = time.perf_counter()
                os.rename(partial, source / name)
                seconds = commit_of(log, before, name) - began
                if number:  # the first finds the process starting
                    latencies.append(1000 * seconds)
                time.sleep(0.1)
        finally:
            watch.send_signal(signal.SIGTERM)
            code = watch.wait()
        if code != 0:
            sys.exit(f"watch: exit {code}")
        check_rows(tables / SNAPSHOT, customers * rows)
        result(figure, "rtloader watch", spread(latencies, "ms", 1), f"first load {setup:.1f} s")
        if args.peers:
            table = fresh(args.scratch / "peer")
            began = time.perf_counter()
            peers.build([source / f"id-{n}.txt" for n in range(customers)], str(table))
            setup = time.perf_counter() - began
            names = [f"id-{chance.randrange(customers)}.txt" for _ in range(args.repeat or 20)]
            latencies = [1000 * peers.replace(str(source / name), str(table)) for name in names]
            check_rows(table, customers * rows)
            result(figure, "deltalake, predicate", spread(latencies, "ms", 1), f"first load {setup:.1f} s")


def small_files(args):
    """2,000 files of 20 rows."""
    files, rows = 2000, 20
    source = inputs.folder(args.scratch, "small-files", files, rows, 150)
    seconds, again = [], []
    for _ in range(args.repeat or 3):
        tables = fresh(args.scratch / "tables")
        seconds.append(measured(PROGRAM, "sync", source, tables)[0])
        check_rows(tables / SNAPSHOT, files * rows)
        again.append(measured(PROGRAM, "sync", source, tables)[0])
    figure = f"{files:,} files of {rows} rows"
    result(figure, "rtloader", spread(seconds), f"{files / statistics.median(seconds):,.0f} files/s")
    result(f"{figure}, nothing changed", "rtloader", spread(again))


def memory(args):
    """Peak resident memory for one large file and for many small ones."""
    source, rows = inputs.large_file(args.scratch, "large-file", args.large_mb, 340)
    tables = fresh(args.scratch / "tables")
    seconds, peak = measured(PROGRAM, "sync", source, tables)
    check_rows(tables / SNAPSHOT, rows)
    megabytes = (source / "id-0.txt").stat().st_size / 1e6
    result(f"peak memory, one file of {megabytes:,.0f} MB", "rtloader", f"{peak:.0f} MB", f"{megabytes / seconds:.0f} MB/s")

    files = 20_000
    source = inputs.folder(args.scratch, "many-files", files, 20, 150)
    tables = fresh(args.scratch / "tables")
    seconds, peak = measured(PROGRAM, "sync", source, tables)
    check_rows(tables / SNAPSHOT, files * 20)
    result(f"peak memory, {files:,} files of 20 rows", "rtloader", f"{peak:.0f} MB", f"{files / seconds:,.0f} files/s")


FIGURES = {"one-file": one_file, "replace": replacing, "small-files": small_files, "memory": memory}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"of {', '.join(FIGURES)}; all by default")
    parser.add_argument("--peers", action="store_true", help="the same work by deltalake behind pyarrow as well")
    parser.add_argument("--repeat", type=int, help="runs per figure instead of each figure's own number")
    parser.add_argument("--customers", type=int, nargs="+", default=[10, 1000, 10_000], help="sizes for `replace`")
    parser.add_argument("--large-mb", type=int, default=1000, help="size of the large file for `memory`")
    parser.add_argument("--scratch", type=pathlib.Path, default=PROJECT / "build/bench", help="inputs and tables")
    args = parser.parse_args()
    if unknown := set(args.figures) - set(FIGURES):
        parser.error(f"unknown figure: {', '.join(sorted(unknown))}")
    args.scratch = args.scratch.resolve()
    args.scratch.mkdir(parents=True, exist_ok=True)

    for name in args.figures or FIGURES:
        print(f"{name}: {FIGURES[name].__doc__}", file=sys.stderr, flush=True)
        FIGURES[name](args)
    for leftover in ("tables", "peer"):
        fresh(args.scratch / leftover)

    print_results(("figure", "program", "median (range)", ""))


if __name__ == "__main__":
    main()

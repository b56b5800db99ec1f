#!/usr/bin/env python3
"""Measures the Delta library on tables of many files, and with --peers deltalake on copies of the same tables; prints
Markdown. Each step is a process of its own. What each figure means: bench/README.md."""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys

from run import PROJECT, fresh, print_results, result, spread

STEPS = PROJECT / "build/release/bench/delta_bench"
PEER = pathlib.Path(__file__).with_name("delta_peer.py")
ROWS = 40  # of the customer who is replaced
OURS, THEIRS = "rtloader", "deltalake"


def run(*command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{command}: exit {done.returncode}")
    return json.loads(done.stdout)


def ours(step, table, *arguments):
    return run(STEPS, step, table, *arguments)


def peer(step, table, *arguments):
    return run(sys.executable, "-B", PEER, step, table, *arguments)


def expect(what, value, wanted):
    if value != wanted:
        sys.exit(f"{what}: {value}, expected {wanted}")


def made(scratch, files):
    """A table of `files` files, kept for the next run."""
    path = scratch / f"delta-{files}"
    if not path.is_dir():
        partial = fresh(scratch / f".delta-{files}")
        ours("make", partial, files)
        partial.rename(path)
    return path


def copy_of(table, name):
    copy = fresh(table.with_name(name))
    shutil.copytree(table, copy)
    return copy


def opened(step, who, label, table, files, repeat, *arguments):
    runs = [step("open", table, *arguments) for _ in range(repeat)]
    for one in runs:
        expect(f"{who}: active files", one["files"], files)
    seconds = [one["seconds"] for one in runs]
    per_file = [one["rss_trimmed"] / files for one in runs]
    held = f"{runs[0]['bytes'] / files:.0f} bytes a file in the list; " if runs[0].get("bytes") else ""
    note = f"CPU {spread([one['cpu'] for one in runs], digits=3)}; {held}"
    note += f"resident memory grew by {spread(per_file, 'bytes a file', 0)}"
    if "uris_seconds" in runs[0]:
        note += f"; then file_uris() {spread([one['uris_seconds'] for one in runs], digits=3)}"
    result(f"{files:,} files: open", label, spread(seconds, digits=3), note)
    return statistics.median(seconds), statistics.median(one["cpu"] for one in runs)


def check_replaced(table, name, files, file_version):
    """Read by both, whoever wrote it."""
    read = ours("rows", table, name)
    expect("rows read by rtloader", read, {"files": files, "rows": ROWS, "files_read": 1, "file_version": str(file_version)})


def check_by_peer(table, name, files, file_version):
    expect("rows read by deltalake", peer("rows", table, name), {"files": files, "rows": ROWS, "file_versions": [file_version]})


def milliseconds(seconds):
    return spread([1000 * value for value in seconds[1:]], "ms", 1)  # the first warms up


def one_size(args, files):
    figure = f"{files:,} files"
    name = f"id-{files // 2:07}.txt"
    table = made(args.scratch, files)
    repeat, rounds = args.repeat or 5, 21

    medians = {}
    for detail in ("lean", "full", "scan"):
        medians[detail] = opened(ours, OURS, f"{OURS}, {detail}", table, files, repeat, detail)
    if args.peers:
        theirs = opened(peer, THEIRS, THEIRS, table, files, repeat)
        for detail, (seconds, cpu) in medians.items():
            note = f"deltalake's median over rtloader's, {detail}; of CPU {theirs[1] / cpu:.1f}"
            result(f"{figure}: open", "ratio", f"{theirs[0] / seconds:.1f}", note)

    copy = copy_of(table, "tables")
    done = ours("replace", copy, name, rounds)
    expect("active files after the replacements", done["files"], files)
    result(f"{figure}: replacement", OURS, milliseconds(done["seconds"]), f"of it the commit {milliseconds(done['commit_seconds'])}")
    looked = done["recheck"]
    expect("requests of a look at an unchanged table", (looked["lists"], looked["others"]), (1, 0))
    result(f"{figure}: nothing new", OURS, f"{1000 * looked['seconds']:.2f} ms", "one list request, no other")
    check_replaced(copy, name, files, rounds + 1)
    if args.peers:
        check_by_peer(copy, name, files, rounds + 1)
        copy = copy_of(table, "peer")
        done = peer("replace", copy, name, min(rounds, args.peer_rounds + 1))
        expect("active files after deltalake's replacements", done["files"], files)
        result(f"{figure}: replacement", THEIRS, milliseconds(done["seconds"]))
        check_replaced(copy, name, files, len(done["seconds"]) + 1)
        check_by_peer(copy, name, files, len(done["seconds"]) + 1)

    checkpoints(args, table, figure, name, files)


def checkpoints(args, table, figure, name, files):
    runs = []
    for _ in range(args.checkpoints):  # each from the state of the table as it was made
        copy = copy_of(table, "tables")
        runs.append(ours("checkpoint", copy))
    result(f"{figure}: checkpoint V1", OURS, spread([one["seconds"] for one in runs]), f"{runs[0]['bytes'] / 1e6:.1f} MB")
    expect("active files after a checkpoint", ours("open", copy, "lean")["files"], files)
    if args.peers:
        runs = []
        for _ in range(args.checkpoints):
            copy = copy_of(table, "peer")
            runs.append(peer("checkpoint", copy))
        result(f"{figure}: checkpoint V1", THEIRS, spread([one["seconds"] for one in runs]), f"{runs[0]['bytes'] / 1e6:.1f} MB")
        expect("active files after deltalake's checkpoint", ours("open", copy, "lean")["files"], files)

    first, again = [], []
    for _ in range(args.checkpoints):
        copy = copy_of(table, "tables")
        ours("upgrade", copy)
        first.append(ours("checkpoint", copy))
        ours("replace", copy, name, 5)
        again.append(ours("checkpoint", copy))
        check_replaced(copy, name, files, 6)
    for label, runs in (("first checkpoint V2", first), ("checkpoint V2 after 5 replacements", again)):
        written = f"{runs[0]['sidecars']} sidecars written, {runs[0]['bytes'] / 1e6:.1f} MB in all"
        result(f"{figure}: {label}", OURS, spread([one["seconds"] for one in runs]), written)
    expect("a checkpoint of few changes writes few sidecars", again[0]["sidecars"] <= 12, True)
    if args.peers:
        check_by_peer(copy, name, files, 6)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="sizes of tables")
    parser.add_argument("--peers", action="store_true", help="the same by deltalake as well")
    parser.add_argument("--repeat", type=int, help="runs per figure instead of each figure's own number")
    parser.add_argument("--checkpoints", type=int, default=3, help="runs per figure of checkpoints")
    parser.add_argument("--peer-rounds", type=int, default=10, help="replacements by deltalake")
    parser.add_argument("--scratch", type=pathlib.Path, default=PROJECT / "build/bench", help="tables")
    args = parser.parse_args()
    args.scratch = args.scratch.resolve()
    args.scratch.mkdir(parents=True, exist_ok=True)
    for files in args.files:
        print(f"{files:,} files", file=sys.stderr, flush=True)
        one_size(args, files)
    for leftover in ("tables", "peer"):
        fresh(args.scratch / leftover)
    print_results(("figure", "program", "median (range)", ""))


if __name__ == "__main__":
    main()

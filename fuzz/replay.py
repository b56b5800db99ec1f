#!/usr/bin/env python3
"""replay.py TARGET PROGRAM: runs the target's seeds, and the inputs in found/TARGET that once broke it, through the program.
Exits with 77 where there are none."""

import pathlib
import subprocess
import sys
import tempfile

import seeds

target, program = sys.argv[1:]
found = pathlib.Path(__file__).resolve().parent / "found" / target
with tempfile.TemporaryDirectory() as folder:
    count = seeds.write(target, folder)
    if count == 0 and not found.is_dir():
        print("no corpora: set RTLOADER_CORPORA")
        sys.exit(77)
    folders = ([folder] if count else []) + ([found] if found.is_dir() else [])
    run = subprocess.run([program, *folders], stderr=subprocess.PIPE)
    if run.returncode != 0:
        sys.stderr.buffer.write(run.stderr[-20_000:])
        sys.exit(f"{program} ended with {run.returncode}")
    print(run.stderr.count(b"\n"), "lines of inputs")

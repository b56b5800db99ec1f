#!/usr/bin/env python3
"""Seeds for the fuzz targets, made from the test corpora: seeds.py TARGET FOLDER. Says how many it wrote; none where there are
no corpora (RTLOADER_CORPORA, else shared/data in a folder above this project)."""

import io
import json
import os
import pathlib
import struct
import sys
import tarfile

import pyarrow
import pyarrow.parquet

PROJECT = pathlib.Path(__file__).resolve().parent.parent
LARGEST = 1 << 16  # bytes of a seed: small inputs are mutated faster
CHECKPOINT_ROWS = 6  # of a checkpoint that is written anew


def corpora():
    if "RTLOADER_CORPORA" in os.environ:
        return pathlib.Path(os.environ["RTLOADER_CORPORA"])
    found = [folder / "shared" / "data" for folder in PROJECT.parents if (folder / "shared" / "data").is_dir()]
    return found[0] if found else PROJECT / "no corpora"


def files(suffixes):
    """(name, bytes) of the corpus tables' files that end so."""
    for folder in ("delta_tables", "delta_golden"):
        for entry in sorted((corpora() / folder).glob("*")):
            if entry.is_dir():
                for path in sorted(entry.rglob("*")):
                    if path.is_file() and path.name.endswith(suffixes):
                        yield str(path), path.read_bytes()
            elif entry.name.endswith(".tar.zst"):
                with pyarrow.input_stream(str(entry), compression="zstd") as stream, tarfile.open(fileobj=io.BytesIO(stream.read())) as tar:
                    for member in tar:
                        if member.isfile() and member.name.endswith(suffixes):
                            yield member.name, tar.extractfile(member).read()


def commits():
    for name, content in files(".json"):
        if "_delta_log" in name and "checkpoint" not in name:
            yield content


def commit_json():
    for content in commits():
        yield content
        if content.count(b"\n") > 1:  # single actions mix better than whole commits
            yield from content.splitlines()


def descriptors():
    for content in commits():
        for line in content.splitlines():
            action = json.loads(line)
            vector = (action.get("add") or {}).get("deletionVector")
            if vector:
                yield vector


def deletion_vector():
    """The three forms of deletion_vector_fuzz.cc: a vector, a file with its descriptor, an inline text."""
    stored = {}
    for name, content in files(".bin"):
        stored[pathlib.PurePath(name).name] = content
        at = 1
        while at + 8 <= len(content):
            size = int.from_bytes(content[at:at + 4], "big")
            yield b"v" + content[at + 4:at + 4 + size]
            at += size + 8
    for vector in descriptors():
        text = vector["pathOrInlineDv"].encode()
        if vector["storageType"] == "i":
            yield b"i" + text
            continue
        for content in stored.values():
            offset = struct.pack(">Bi", 1, vector["offset"]) if vector.get("offset") is not None else b"\0"
            if int.from_bytes(content[1:5], "big") == vector["sizeInBytes"]:
                yield (b"fu" + offset + struct.pack(">iHB", vector["sizeInBytes"], vector["cardinality"], len(text)) + text
                       + content)
                break


def plainly(content):
    """A checkpoint's first rows without compression and dictionaries, so that a changed byte is a changed value."""
    try:
        table = pyarrow.parquet.read_table(io.BytesIO(content))
        out = io.BytesIO()
        pyarrow.parquet.write_table(table.slice(0, CHECKPOINT_ROWS), out, compression="none", use_dictionary=False,
                                    write_statistics=False, store_schema=False)
        return out.getvalue()
    except (pyarrow.ArrowException, OSError):
        return b""


def checkpoint():
    for name, content in files(".parquet"):
        if "_delta_log" in name:
            yield content
            yield plainly(content)


TARGETS = {"deletion_vector": deletion_vector, "commit_json": commit_json, "checkpoint": checkpoint}


def write(target, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    seeds = {seed for seed in TARGETS[target]() if 0 < len(seed) <= LARGEST}
    for number, seed in enumerate(sorted(seeds)):
        (folder / f"seed-{number:05}").write_bytes(seed)
    return len(seeds)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in TARGETS:
        sys.exit(f"seeds.py {'|'.join(TARGETS)} FOLDER")
    print(write(sys.argv[1], sys.argv[2]), "seeds")

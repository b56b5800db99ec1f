"""The tables of other engines that the project is tested against: where they lie, and one of them unpacked."""

import os
import pathlib
import subprocess

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def _root():
    if "RTLOADER_CORPORA" in os.environ:
        return pathlib.Path(os.environ["RTLOADER_CORPORA"])
    beside = [folder / "shared" / "data" for folder in PROJECT.parents]
    return next((folder for folder in beside if folder.is_dir()), beside[0])


ROOT = _root()
MISSING = f"no corpora at {ROOT}: set RTLOADER_CORPORA"


def names(corpus):
    """Of the corpus' tables; ["absent"], so that a skipped test says why, where there is none."""
    folder = ROOT / corpus
    if not folder.is_dir():
        return ["absent"]
    return sorted(path.name.removesuffix(".tar.zst") for path in folder.iterdir())


def unpacked(corpus, name, into):
    """The folder of the table `name`, below `into` where it is packed."""
    folder = ROOT / corpus
    if not folder.is_dir():
        pytest.skip(MISSING)
    packed = folder / f"{name}.tar.zst"
    if not packed.exists():
        return folder / name
    subprocess.run(
        ["tar", "--zstd", "--warning=no-unknown-keyword", "-xf", packed, "-C", into], check=True, capture_output=True
    )
    return pathlib.Path(into) / name

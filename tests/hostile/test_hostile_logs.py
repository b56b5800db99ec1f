"""A log or data file that is cut short, damaged or made up: an error that names the file, and never a crash."""

import json
import pathlib
import shutil

import corpora
import program
import pytest

CUSTOMERS = 3
ROWS = 40
SNAPSHOT = "customer_data_snapshot"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Tables after some overwrites, with a checkpoint in the middle of the snapshot's log."""
    root = tmp_path_factory.mktemp("made")
    source, tables = root / "source", root / "tables"
    source.mkdir()
    for round_ in range(12):
        for customer in range(CUSTOMERS):
            lines = [json.dumps({"wid": str(row), "round": str(round_)}) for row in range(ROWS)]
            (source / f"id-{customer}.txt").write_text("\n".join(lines) + "\n")
        done = program.run("sync", source, tables, env={"RTLOADER_COMMIT_CHECKPOINT_INTERVAL": "5"})
        assert done.code == program.OK, done
    assert list((tables / SNAPSHOT / "_delta_log").glob("*.checkpoint.parquet"))
    return root


@pytest.fixture
def tables(made, tmp_path):
    """A copy, which follows the same source."""
    (tmp_path / "source").symlink_to(made / "source")
    return pathlib.Path(shutil.copytree(made / "tables", tmp_path / "tables"))


def log_of(tables):
    return tables / SNAPSHOT / "_delta_log"


def newest_commit(tables):
    return max(log_of(tables).glob("0*.json"))


def newest_checkpoint(tables):
    return max(log_of(tables).glob("*.checkpoint.parquet"))


def forget_before(tables, checkpoint):
    """As log clean-up does."""
    for file in log_of(tables).glob("0*"):
        if file.name[:20] < checkpoint.name[:20] or file.name == checkpoint.name[:20] + ".json":
            file.unlink()


def show(tables, *flags):
    return program.run("show", tables / SNAPSHOT, "--limit", "0", *flags, timeout=300)


def assert_refused(done, *named):
    """An error of the program's own, not a signal and not a stray exception."""
    assert done.code in (program.FAILED, program.USAGE), done
    assert done.err.startswith("rtloader: error: ") and not done.out, done
    for word in named:
        assert str(word) in done.err, done


def sync(tables):
    return program.run("sync", (tables.parent / "source").resolve(), tables)


def damage(path, change):
    path.write_bytes(change(path.read_bytes()))


CHANGES = {
    "empty": lambda data: b"",
    "cut at a third": lambda data: data[: len(data) // 3],
    "its last byte but one gone": lambda data: data.rstrip(b"\n")[:-1],
    "zeros": lambda data: bytes(len(data)),
    "bytes of no text": lambda data: b"\xff\xfe\x00\x80" * 64,
    "deep nesting": lambda data: b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "a second protocol in it": lambda data: data + b'{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}\n' * 2,
    "an array": lambda data: b"[" + data.replace(b"\n", b",") + b"1]",
    "one action twice": lambda data: data + data,
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_newest_commit_is_damaged(tables, change):
    commit = newest_commit(tables)
    damage(commit, CHANGES[change])
    assert_refused(show(tables), commit.name)
    before = sorted(log_of(tables).iterdir())
    assert_refused(sync(tables), commit.name)
    assert sorted(log_of(tables).iterdir()) == before, "nothing is written after a commit that cannot be read"


def test_every_cut_of_a_commit_is_refused(tables):
    commit = newest_commit(tables)
    whole = commit.read_bytes()
    last_line = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in [*range(1, len(whole) - 1, len(whole) // 25), last_line - 2, last_line + 1, len(whole) - 2]:
        if whole[:end].endswith(b"\n") or whole[end : end + 1] == b"\n":
            continue  # whole lines: no reader can know that others followed
        commit.write_bytes(whole[:end])
        assert_refused(show(tables), commit.name)


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "cut"])
def test_a_line_of_one_gigabyte(tables, whole):
    commit = newest_commit(tables)
    with commit.open("ab") as file:
        file.write(b'{"unknown":"')
        for _ in range(1024):
            file.write(b"x" * (1 << 20))
        if whole:
            file.write(b'"}\n')
    done = show(tables)
    if whole and done.code == program.OK:  # an action that nobody knows is to be ignored
        assert len(done.out.splitlines()) >= CUSTOMERS * ROWS, done
    else:
        assert_refused(done, commit.name)
    commit.unlink()


@pytest.mark.parametrize("change", ["empty", "cut at a third", "zeros", "bytes of no text"])
def test_a_damaged_checkpoint_is_done_without(tables, change):
    rows = show(tables).out
    damage(newest_checkpoint(tables), CHANGES[change])
    done = show(tables)
    assert done.code == program.OK and done.out == rows, done


@pytest.mark.parametrize("change", ["empty", "cut at a third", "zeros", "bytes of no text"])
def test_a_damaged_checkpoint_without_its_commits(tables, change):
    checkpoint = newest_checkpoint(tables)
    forget_before(tables, checkpoint)
    damage(checkpoint, CHANGES[change])
    assert_refused(show(tables), checkpoint.name)
    assert_refused(sync(tables), checkpoint.name)


def bad_parquet():
    folder = corpora.ROOT / "parquet_bad"
    return sorted(path.name for path in folder.glob("*.parquet")) or ["absent"]


@pytest.mark.parametrize("name", bad_parquet())
@pytest.mark.parametrize("place", ["checkpoint", "data file"])
def test_corrupt_parquet(tables, name, place):
    bad = corpora.ROOT / "parquet_bad" / name
    if not bad.is_file():
        pytest.skip(corpora.MISSING)
    if place == "checkpoint":
        shutil.copyfile(bad, newest_checkpoint(tables))
        done = show(tables)  # its commits say the same
        assert done.code == program.OK, done
        return
    action = next(
        line["add"] for line in map(json.loads, newest_commit(tables).read_text().splitlines()) if "add" in line
    )
    data = tables / SNAPSHOT / action["path"]
    shutil.copyfile(bad, data)
    assert_refused(show(tables), pathlib.PurePosixPath(action["path"]).name)


HINTS = {
    "empty": b"",
    "cut": b'{"version":',
    "a version far too large": b'{"version":18446744073709551616,"size":1}',
    "a version before the first": b'{"version":-5,"size":1}',
    "a version that is not there": b'{"version":4000,"size":1}',
    "parts that are not there": b'{"version":10,"size":1,"parts":2000000000}',
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("hint", HINTS)
def test_a_wrong_hint_is_not_believed(tables, hint):
    rows = show(tables).out
    (log_of(tables) / "_last_checkpoint").write_bytes(HINTS[hint])
    done = show(tables)
    assert done.code == program.OK and done.out == rows, done
    assert sync(tables).code == program.OK


def test_a_gap_in_the_log(tables):
    newest_checkpoint(tables).unlink()
    checkpoint = newest_checkpoint(tables)
    later = [commit for commit in sorted(log_of(tables).glob("0*.json")) if commit.name[:20] > checkpoint.name[:20]]
    assert len(later) >= 2
    later[0].unlink()
    assert_refused(show(tables), int(later[0].name[:20]))
    assert_refused(sync(tables), int(later[0].name[:20]))

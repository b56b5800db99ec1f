"""What is done to a random table between syncs. Rows stay as they are.

A step is taken when the program has what it needs, which is looked for once. test_random_tables.py fails when a step that
is there was never taken in a whole run.
"""

import dataclasses
import functools
import pathlib
import tempfile
import typing

import deltalake
from program import OK, run, sync
from readers import SNAPSHOT
from s3_path import S3Path
from servers import environment


@dataclasses.dataclass(frozen=True)
class Step:
    name: str
    there: typing.Callable  # () -> whether the program has it
    run: typing.Callable  # (tables) -> False when nothing could be done
    local: bool = False  # needs a folder


STEPS = []
OPTIONS = []  # like steps, but of a whole table's life: chosen before its first sync


def step(there=lambda: True, local=False, of=STEPS):
    def add(function):
        of.append(Step(function.__name__, functools.cache(there), function, local))
        return function

    return add


def available(place):
    return [s for s in STEPS if (not s.local or not isinstance(place, S3Path)) and s.there()]


def missing():
    return [s.name for s in STEPS + OPTIONS if not s.there()]


def choose_options(tables):
    for option in OPTIONS:
        if option.there() and tables.chance.random() < 0.5:
            option.run(tables)
            tables.did(option.name)


# -- what there is

@functools.cache
def _help(*command):
    return run(*command, "--help").out


def has_command(name):
    return lambda: any(line.split()[:1] == [name] or line.split()[:2] == ["rtloader", name] for line in _help().splitlines())


def has_option(name, value):
    """An option of the configuration file."""
    section, _, key = name.partition(".")

    def there():
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            (place / "in").mkdir()
            file = file_in(place, "rtloader.toml", f"[{section}]\n{key} = {value}\n")
            return run("plan", place / "in", place / "tables", "--config", file).code == OK

    return there


def takes_files_of_others():
    """Whether a sync goes on after another engine has merged our files."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "in").mkdir()
        for n in range(2):
            (place / f"in/{n}.txt").write_text('{"wid":"1"}\n')
        sync(place / "in", place / "tables", expect=OK)
        deltalake.DeltaTable(str(place / "tables" / SNAPSHOT)).optimize.compact()
        return run("sync", place / "in", place / "tables").code == OK


def file_in(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def maintain(tables, command, *flags):
    """`rtloader COMMAND`, over all tables."""
    done = run(command, tables.tables.root, *flags, *tables.flags()[:2])  # with --config alone
    assert done.code == OK, f"{command} after {tables.steps}: {done}"


def delta(tables):
    path = tables.snapshot
    options = environment(path.server.url) if isinstance(path, S3Path) else None
    return deltalake.DeltaTable(str(path), storage_options=options)


# -- ours

@step(has_command("optimize"))
def optimize(tables):
    maintain(tables, "optimize")


@step(has_command("vacuum"))
def vacuum(tables):
    maintain(tables, "vacuum")  # with its default retention: nothing is old enough


@step(has_command("vacuum"))
def vacuum_everything(tables):
    maintain(tables, "vacuum", "--retention", "0s", "--force")
    tables.oldest = tables.tables.version()


@step(has_command("checkpoint"))
def checkpoint(tables):
    maintain(tables, "checkpoint")


@step(has_command("convert-layout"))
def convert_layout(tables):
    packed = tables.options.get("snapshot.layout") == "packed"
    tables.options["snapshot.layout"] = layout = "per_file" if packed else "packed"
    done = run("convert-layout", tables.source.path, tables.tables.root, "--to", layout, *tables.flags())
    assert done.code == OK, f"convert-layout after {tables.steps}: {done}"


@step(has_option("snapshot.layout", '"packed"'), of=OPTIONS)
def packed_layout(tables):
    tables.options["snapshot.layout"] = "packed"


@step(has_option("snapshot.checkpoint_policy", '"v2"'), of=OPTIONS)
def v2_checkpoints(tables):
    tables.options["snapshot.checkpoint_policy"] = "v2"


# -- other engines', that any Delta table has to bear

@step()
def checkpoint_by_deltalake(tables):
    delta(tables).create_checkpoint()


@step(local=True)
def lost_checkpoint_hint(tables):
    """_last_checkpoint may be missing (protocol: "Last Checkpoint File")."""
    hint = tables.snapshot / "_delta_log/_last_checkpoint"
    if not hint.exists():
        return False
    hint.unlink()


@step(takes_files_of_others)
def optimize_by_deltalake(tables):
    delta(tables).optimize.compact()


@step(takes_files_of_others)
def vacuum_by_deltalake(tables):
    table = delta(tables)
    table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    tables.oldest = tables.tables.version()

"""optimize, vacuum, checkpoint and clean-log: rows stay as they are, for readers that share no code with the loader."""

import json
import os
import random
import signal
import time

import deltalake
import pytest
from program import OK, USAGE, Watch, run, start, sync, verify, wait_until
from readers import LOG, QUARANTINE, RAW, RECORDS, SNAPSHOT, Tables, by_file

ALL = (SNAPSHOT, RAW, RECORDS, LOG, QUARANTINE)
DAY = 86_400


class Folder:
    def __init__(self, place, layout):
        self.source, self.root = place / "in", place / "tables"
        self.source.mkdir()
        self.tables = Tables(self.root)
        self.config = place / "rtloader.toml"
        self.config.write_text(f'[snapshot]\nlayout = "{layout}"\n')
        self.chance = random.Random(7)

    def write(self, name, generation):
        rows = [json.dumps({"id": str(n), "generation": str(generation)}) for n in range(self.chance.randint(3, 9))]
        (self.source / name).write_text("\n".join([*rows, "no JSON"]) + "\n")

    def sync(self):
        sync(self.source, self.root, "--config", self.config, expect=OK)

    def generations(self, count):
        for generation in range(count):
            for n in range(4):
                self.write(f"{generation}-{n}.json", generation)
            self.write("again.json", generation)
            self.sync()

    def report(self, command, *flags, table=None):
        done = run(command, table or self.root, *flags, "--json")
        assert done.code == OK, f"{command} {flags}: {done}"
        return {table["table"]: table for table in done.report["tables"]}

    def rows(self):
        """Of every table, as both readers see them, which must agree."""
        out = {}
        for name in ALL:
            rows = sorted(map(repr, self.tables.records(name)))
            assert len(rows) == self.tables.count_by_duckdb(name), name
            out[name] = rows
        assert by_file(self.tables.records(SNAPSHOT)) == by_file(self.tables.records_by_duckdb(SNAPSHOT))
        return out

    def files(self, name):
        return len(deltalake.DeltaTable(self.tables.path(name)).file_uris())

    def commits_of(self, operation, name):
        """The versions that such an operation made."""
        commits = self.tables.commits(name)
        return {v for v, actions in commits.items() for a in actions if a.get("commitInfo", {}).get("operation") == operation}

    def data(self, name):
        return {p.name for p in (self.root / name).iterdir() if p.is_file()}

    def ask_for_v2_checkpoints(self):
        """What ALTER TABLE SET TBLPROPERTIES ('delta.checkpointPolicy' = 'v2') commits."""
        actions = [action for commit in self.tables.commits(SNAPSHOT).values() for action in commit]
        metadata = [action["metaData"] for action in actions if "metaData" in action][-1]
        protocol = [action["protocol"] for action in actions if "protocol" in action][-1]
        metadata["configuration"]["delta.checkpointPolicy"] = "v2"
        features = {
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": [*protocol.get("readerFeatures", []), "v2Checkpoint"],
            "writerFeatures": [*protocol.get("writerFeatures", ["appendOnly", "invariants"]), "v2Checkpoint"],
        }
        commit = [{"commitInfo": {"operation": "SET TBLPROPERTIES"}}, {"protocol": features}, {"metaData": metadata}]
        path = self.root / SNAPSHOT / "_delta_log" / f"{self.tables.version() + 1:020}.json"
        path.write_text("".join(json.dumps(action) + "\n" for action in commit))

    def age(self, days):
        """As if everything had been written so long ago."""
        for path in self.root.rglob("*"):
            os.utime(path, (time.time() - days * DAY,) * 2)

    def verify(self):
        verify(self.source, self.root, "--config", self.config)


@pytest.fixture(params=["per_file", "packed"])
def folder(request, tmp_path):
    return Folder(tmp_path, request.param)


def is_packed(folder):
    return "packed" in folder.config.read_text()


def test_optimize(folder):
    folder.generations(5)
    before, customers = folder.rows(), folder.files(SNAPSHOT)
    # A sync may have packed the snapshot already, if it came to enough commits.
    packed = {name: folder.commits_of("OPTIMIZE", name) for name in ALL}
    done = folder.report("optimize")
    assert folder.rows() == before
    for name in (RAW, LOG, QUARANTINE):
        assert done[name]["files_removed"] >= 5 and folder.files(name) == 1, name
    assert folder.files(SNAPSHOT) == (1 if is_packed(folder) else customers)
    for name in ALL:
        by_command = folder.commits_of("OPTIMIZE", name) - packed[name]
        assert by_command == ({done[name]["version"]} if done[name]["version"] is not None else set()), name
    for name, table in folder.report("optimize").items():
        assert table["version"] is None, f"{name}: nothing was left to do"
    folder.write("0-1.json", "new")
    folder.sync()
    commit = folder.tables.commits(SNAPSHOT)
    removed = [action["remove"] for action in commit[max(commit)] if "remove" in action]
    assert len(removed) == 1, "one customer is replaced by taking out one file, or one file's rows"
    folder.verify()


def test_vacuum(folder):
    folder.generations(3)
    folder.report("optimize")
    (folder.root / RAW / "left-behind.parquet").write_text("x")
    rows = folder.rows()
    assert run("vacuum", folder.root, "--retention", "1h").code == USAGE
    assert sum(table["files"] for table in folder.report("vacuum").values()) == 0, "everything is young"

    folder.age(10)  # the log's tombstones stay young
    assert "left-behind.parquet" in json.dumps(folder.report("vacuum", "--dry-run")[RAW]["removed"])
    assert (folder.root / RAW / "left-behind.parquet").exists()
    assert folder.report("vacuum")[RAW]["files"] == 1
    assert not (folder.root / RAW / "left-behind.parquet").exists()
    for version in range(folder.tables.version() + 1):
        folder.tables.records(SNAPSHOT, version)  # every file is there still

    assert folder.report("vacuum", "--retention", "0s", "--force")[SNAPSHOT]["files"] > 0
    for name in ALL:
        uris = deltalake.DeltaTable(folder.tables.path(name)).file_uris()
        vectors = {name for name in folder.data(name) if name.endswith(".bin")}
        assert folder.data(name) - vectors == {uri.rsplit("/", 1)[1] for uri in uris}, name
    assert folder.rows() == rows
    folder.verify()


@pytest.mark.parametrize("policy", ["classic", "v2"])
def test_checkpoint_and_clean_log(folder, policy):
    folder.generations(2)
    if policy == "v2":
        folder.ask_for_v2_checkpoints()
    folder.generations(3)
    rows = folder.rows()
    log = folder.root / SNAPSHOT / "_delta_log"
    newest = folder.tables.version()
    assert folder.report("checkpoint")[SNAPSHOT]["written"] == newest
    assert folder.report("checkpoint")[SNAPSHOT]["written"] is None
    names = [p.name for p in log.iterdir() if ".checkpoint." in p.name]
    assert len(names) == 1 and (len(names[0].split(".")) == 4) == (policy == "v2"), names
    assert (log / "_sidecars").exists() == (policy == "v2")

    assert folder.report("clean-log")[SNAPSHOT]["kept_from"] is None, "everything is young"
    folder.age(40)
    would = folder.report("clean-log", "--dry-run")
    assert would[SNAPSHOT]["kept_from"] == newest and would[SNAPSHOT]["files"] >= newest
    assert (log / f"{0:020}.json").exists()
    done = folder.report("clean-log")
    assert {name: table["files"] for name, table in done.items()} == {n: t["files"] for n, t in would.items()}
    assert not (log / f"{newest - 1:020}.json").exists()
    assert folder.rows() == rows
    folder.write("again.json", "newer")
    folder.sync()
    folder.verify()


def test_log_that_is_not_absorbed_stays(folder):
    folder.generations(3)
    newest = max(folder.tables.commits(QUARANTINE))
    (folder.root / QUARANTINE / "_delta_log" / f"{newest:020}.json").unlink()  # as if killed before it
    folder.report("checkpoint")
    folder.age(40)
    done = folder.report("clean-log")[SNAPSHOT]
    assert done["absorbed"] < done["version"] and done["absorbed_by"] == QUARANTINE
    assert done["kept_from"] is None
    folder.sync()
    folder.verify()


def test_killed_and_two_at_once(folder):
    folder.generations(4)
    rows = folder.rows()
    for pause in (0.0, 0.005, 0.01, 0.02, 0.04):
        process = start("optimize", folder.root)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert folder.rows() == rows
    two = [start("optimize", folder.root) for _ in range(2)]
    assert [process.wait(60) for process in two] == [OK, OK]
    two = [start("vacuum", folder.root, "--retention", "0s", "--force") for _ in range(2)]
    assert [process.wait(60) for process in two] == [OK, OK]
    assert folder.rows() == rows
    assert all(folder.files(name) == 1 for name in (RAW, LOG, QUARANTINE))
    folder.verify()


def test_watch_does_it_by_itself(folder):
    often = {
        "RTLOADER_MAINTENANCE_OPTIMIZE_INTERVAL": "200ms",
        "RTLOADER_MAINTENANCE_VACUUM_INTERVAL": "200ms",
        "RTLOADER_MAINTENANCE_LOG_INTERVAL": "200ms",
        "RTLOADER_MAINTENANCE_SMALL_FILES": "3",
        "RTLOADER_COMMIT_CHECKPOINT_INTERVAL": "4",
    }
    folder.generations(4)
    (folder.root / RAW / "left-behind.parquet").write_text("x")
    folder.age(10)
    with Watch(folder.source, folder.root, "--config", folder.config, env=often):
        wait_until(lambda: folder.files(RAW) <= 3, what="packing of raw")
        wait_until(lambda: not (folder.root / RAW / "left-behind.parquet").exists(), what="a vacuum")
        if is_packed(folder):
            wait_until(lambda: folder.files(SNAPSHOT) <= 3, what="packing of the snapshot")
        for generation in range(9):
            folder.write("again.json", f"w{generation}")
            version = folder.tables.version()
            wait_until(lambda version=version: folder.tables.version() > version, what="a commit")
        hint = folder.root / SNAPSHOT / "_delta_log/_last_checkpoint"
        wait_until(hint.exists, what="a checkpoint")
    folder.sync()
    folder.verify()
    folder.rows()

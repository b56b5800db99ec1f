"""kill -9 at random moments, 200 times, while files change between the runs: the tables converge all the same."""

import os
import random
import statistics
import time

import pytest
from agreement import check_accounts, check_history, check_raw, check_snapshot
from folders import GoodFolder
from program import HELD, OK, Watch, run, start, sync, verify, wait_until
from readers import SNAPSHOT, Tables
from reference import Folder, read_folder

KILLS = int(os.environ.get("RTLOADER_TEST_KILLS", "200"))
S3_KILLS = int(os.environ.get("RTLOADER_TEST_S3_KILLS", "60"))
SETTLE_EVERY = 5
CHECK_HISTORY_EVERY = 40
SEED = 20_260_101


def usual_seconds(source, tables):
    """How long a run with changes takes, start to end, and a run's start alone (the same with nothing to do)."""
    seconds = []
    for _ in range(7):
        source.changes()
        began = time.monotonic()
        sync(source.path, tables.root)
        seconds.append(time.monotonic() - began)
    return statistics.median(seconds)


def kill_after(process, seconds):
    """True when the process was still running."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(min(0.001, max(0, deadline - time.monotonic())))
    alive = process.poll() is None
    process.kill()
    process.wait()
    return alive


def derivation_lag(source, tables):
    """Snapshot commits that a killed run left the derived tables behind."""
    status = run("status", source.path, tables.root, "--json")
    return status.report["derivation_lag"] if status.code == OK else 0


def settle(source, tables, folder, history=True):
    """A run that is left alone, then everything must be right."""
    folder.observe(read_folder(source.path))
    sync(source.path, tables.root, expect=OK)
    verify(source.path, tables.root)
    check_snapshot(tables, folder)
    if history:
        check_accounts(tables, folder)
        check_raw(tables, check_history(tables))


def kill_loop(place, kills, seed, modes):
    source = GoodFolder(place / "in", seed, max_files=8, max_rows=40)
    tables, folder, chance = Tables(place / "tables"), Folder(), random.Random(seed)
    source.fill()
    usual = usual_seconds(source, tables)
    killed, moments, rounds, between = 0, [], 0, 0
    while killed < kills:
        assert rounds < 4 * kills, "runs end before the kill"
        rounds += 1
        source.changes()
        mode = chance.choice(modes)
        # past the usual end too: a run after a kill has more to do, and its last steps must be hit as well
        moment = chance.uniform(0, 1.4 * usual if mode == "sync" else 2 * usual + 0.3)
        process = start(mode, source.path, tables.root)
        if mode == "watch" and chance.random() < 0.5:
            time.sleep(moment / 2)
            source.changes()
            moment /= 2
        if kill_after(process, moment):
            killed += 1
            moments.append(moment / usual)
            between += derivation_lag(source, tables) > 0
            if killed % SETTLE_EVERY == 0:
                settle(source, tables, folder, history=killed % CHECK_HISTORY_EVERY == 0)
        else:
            assert process.returncode in (OK, HELD), f"{mode} ended with {process.returncode}"
    settle(source, tables, folder)
    for tenth in range(9):
        assert any(tenth / 10 <= m < (tenth + 1) / 10 for m in moments), f"no kill in tenth {tenth} of a run"
    assert between >= killed / 50, f"only {between} kills between the snapshot's commit and the derived tables'"
    print(f"{between} kills between a commit and its derived tables")
    print(f"{killed} kills in {rounds} runs of {usual * 1000:.0f} ms; {tables.version()} commits")


@pytest.mark.parametrize("place,kills", [("local", KILLS), ("s3", S3_KILLS)], indirect=["place"])
def test_kill_sync_and_watch(place, kills):
    kill_loop(place, kills, SEED, ["sync", "sync", "sync", "watch"])


def test_kill_the_first_run(place):
    """The tables themselves come to be: kills from the first millisecond of the first run on."""
    source = GoodFolder(place / "in", SEED + 1, max_files=8)
    source.fill()
    sync(source.path, place / "warm")
    began = time.monotonic()
    sync(source.path, place / "usual")
    usual = time.monotonic() - began
    for number in range(20):
        tables, folder = Tables(place / f"tables-{number}"), Folder()
        kill_after(start("sync", source.path, tables.root), usual * (number + 0.5) / 20)
        settle(source, tables, folder)


def test_clean_stop_leaves_nothing_undone(place):
    """SIGTERM to watch: exit 0, and what it had committed is derived."""
    source = GoodFolder(place / "in", SEED + 2, max_files=8)
    tables, folder = Tables(place / "tables"), Folder()
    source.fill()
    for number in range(5):
        marker = f"marker-{number}"
        source.write("id-1.txt", b'{"wid": "%s"}\n' % marker.encode())

        def committed():
            return tables.exists(SNAPSHOT) and marker in {r.get("wid") for r in tables.records(SNAPSHOT)}

        with Watch(source.path, tables.root):
            wait_until(committed, what=f"{marker} in the snapshot")
        check_accounts(tables)  # of all that was committed, without another run
        source.changes()
    settle(source, tables, folder)

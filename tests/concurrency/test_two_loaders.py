"""Two loaders at once on one folder and one set of tables: nothing lost, nothing twice."""

import os
import random
import threading
import time

import pytest
from agreement import check_accounts, check_history, check_raw, check_snapshot
from folders import GoodFolder
from program import HELD, OK, Watch, run, sync, verify
from readers import Tables
from reference import Folder, read_folder

ROUNDS = int(os.environ.get("RTLOADER_TEST_ROUNDS", "50"))
S3_ROUNDS = int(os.environ.get("RTLOADER_TEST_S3_ROUNDS", "20"))
SEED = 20_260_202


def sync_loop(source, tables, seconds, outcomes):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        outcomes.append(run("sync", source.path, tables.root))


def watch_for(source, tables, seconds, outcomes):
    with Watch(source.path, tables.root):
        time.sleep(seconds)


def check(source, tables, folder, accounts=True):
    folder.observe(read_folder(source.path))
    sync(source.path, tables.root, expect=OK)
    verify(source.path, tables.root)
    check_snapshot(tables, folder)
    if accounts:
        check_accounts(tables, folder)  # file_version is given once: file_log would name it twice


@pytest.mark.parametrize("place,rounds", [("local", ROUNDS), ("s3", S3_ROUNDS)], indirect=["place"])
def test_two_loaders(place, rounds):
    source = GoodFolder(place / "in", SEED, max_files=8)
    tables, folder, chance = Tables(place / "tables"), Folder(), random.Random(SEED)
    source.fill()
    for number in range(rounds):
        kinds = [chance.choice([sync_loop, sync_loop, watch_for]) for _ in range(2)]
        outcomes, failures = [], []

        def guarded(kind):
            try:
                kind(source, tables, 0.5, outcomes)
            except AssertionError as e:
                failures.append(e)

        threads = [threading.Thread(target=guarded, args=(kind,)) for kind in kinds]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            source.change()
            time.sleep(chance.uniform(0.001, 0.05))
        for thread in threads:
            thread.join()
        assert not failures, f"round {number}: {failures}"
        for done in outcomes:
            assert done.code in (OK, HELD), f"round {number}: {done}"
        check(source, tables, folder, accounts=number % 10 == 9)
    check(source, tables, folder)
    check_raw(tables, check_history(tables))


def test_two_loaders_from_nothing(place):
    """Both find no tables and both make them."""
    source = GoodFolder(place / "in", SEED + 1, max_files=8)
    source.fill()
    for number in range(10):
        tables, outcomes = Tables(place / f"tables-{number}"), []
        threads = [
            threading.Thread(target=lambda: outcomes.append(run("sync", source.path, tables.root))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [done.code for done in outcomes] == [OK] * 3, [str(done) for done in outcomes]
        check(source, tables, Folder())
        check_raw(tables, check_history(tables))

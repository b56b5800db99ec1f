"""Random schedules of faults between the program and S3: customers overwrite and delete, runs meet lost replies, throttling,
cut connections and refused conditional writes, some are killed. Afterwards everything promised holds at every version.

RTLOADER_SCHEDULES says how many; each is repeatable by its number as far as time allows.
"""

import os
import random
import time

import pytest
from agreement import check_accounts, check_history, check_raw, check_snapshot
from folders import GoodFolder
from program import FAILED, HELD, OK, Logged, run, sync, verify
from readers import SNAPSHOT, Tables
from reference import Folder, read_folder

SCHEDULES = int(os.environ.get("RTLOADER_SCHEDULES", "60"))
RUNS = 4

# Each run has some of these, each up to its probability; together they stay below what retries can hope to outlast.
FAULTS = {
    "cut_before": 0.05,
    "slow_down": 0.08,
    "error_before": 0.04,
    "conflict": 0.5,  # of conditional writes alone
    "reply_lost": 0.08,
    "reply_cut": 0.05,
    "error_after": 0.08,
    "extra_delay": 0.2,
}


def draw_faults(chance):
    names = chance.sample(sorted(FAULTS), chance.randint(1, 5))
    faults = {name: round(chance.uniform(0, FAULTS[name]), 3) for name in names}
    return {name: 0 for name in FAULTS} | faults


def one_run(source, tables, chance, environment):
    """A run under way while customers write, killed one time in four."""
    process = Logged("sync", source.path, tables, env=environment)
    kill_at = time.monotonic() + chance.uniform(0, 0.4) if chance.random() < 0.25 else None
    until_change = chance.uniform(0, 0.1)
    while process.poll() is None:
        time.sleep(0.005)
        until_change -= 0.005
        if until_change < 0:
            source.change()
            until_change = chance.uniform(0.02, 0.3)
        if kill_at and time.monotonic() > kill_at:
            process.kill()
            process.wait()
            process.output()
            return None
    error = process.output()
    assert process.returncode in (OK, HELD, FAILED), f"exit {process.returncode}: {error}"
    if process.returncode == FAILED:
        assert "rtloader: error: " in error, error
    return process.returncode


@pytest.mark.parametrize("schedule", range(SCHEDULES))
def test_schedule(schedule, bucket, proxy):
    chance = random.Random(schedule)
    source = GoodFolder(bucket / "in", schedule, max_files=4, max_rows=6)
    through = {"AWS_ENDPOINT_URL": proxy.url, "RTLOADER_S3_RETRY_BUDGET": chance.choice(["1s", "3s", "10s"])}
    folder, tables = Folder(), Tables(bucket.behind / "tables")
    source.fill()
    proxy.set(seed=schedule, extra_delay_ms=30)
    codes = []
    for _ in range(RUNS):
        source.changes()
        proxy.set(**draw_faults(chance))
        codes.append(one_run(source, bucket / "tables", chance, through))
    proxy.clear()

    files = read_folder(source.path)
    folder.observe(files)
    for _ in range(3):
        done = run("sync", source.path, bucket / "tables", env=through)
        if done.code == OK:
            break
    counters = proxy.counters()
    assert done.code == OK, f"not converged after {codes}: {done}"
    verify(source.path, bucket / "tables")
    check_snapshot(tables, folder)
    check_accounts(tables, folder)
    check_raw(tables, check_history(tables))
    version = tables.version(SNAPSHOT)
    sync(source.path, bucket / "tables", expect=OK)
    assert tables.version(SNAPSHOT) == version, "a run with nothing to do committed"
    assert sum(counters[name] for name in FAULTS) > 0 or counters["PUT"] < 50, counters

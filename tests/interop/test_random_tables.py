"""Random tables of ours: Spark, deltalake, DuckDB, Polars and `rtloader show` see the same rows, at the latest and at three
earlier versions, and these are the rows that the source had."""

import random

import engines
import maintenance
import pytest
import random_tables
import spark
from agreement import check_accounts, check_equal, check_quarantine
from readers import LOG, QUARANTINE, RAW, RECORDS, by_file

ENOUGH_FOR_EVERY_STEP = 50
EVERY_NTH_WITH_ALL_TABLES = 10


def check_model(made, version, rows):
    """I1 and I2."""
    records = rows.records()
    check_equal(by_file(records), made.known[version], f"seed {made.seed}, version {version}, after {made.steps}")
    held = {(r["source_file"], r["file_version"]) for r in records}
    assert len({name for name, _ in held}) == len(held), f"version {version}: two versions of one file in {sorted(held)}"


@pytest.mark.parametrize("seed", range(random_tables.SEEDS))
def test_random_table(seed, made_ahead, all_engines, threads, spark_session):
    made = made_ahead.get(seed)
    place = engines.Place(made.snapshot)

    def check(version):
        rows = engines.check_agreement(all_engines, place, version, f"seed {seed}, version {version}, after {made.steps}")
        check_model(made, version, rows)

    list(threads.map(check, made.versions()))
    if seed % EVERY_NTH_WITH_ALL_TABLES == 0:
        check_other_tables(made, all_engines, threads)
    spark.forget_tables(spark_session)
    made_ahead.done(seed)


def check_other_tables(made, all_engines, threads):
    """The tables that are derived: the engines agree on them as well, and they agree with each other."""

    def check(job):
        name, version = job
        place = engines.Place(made.tables.root / name)
        return engines.check_agreement(all_engines, place, version, f"seed {made.seed}, {name} version {version}")

    chance, jobs = random.Random(made.seed), []
    for name in (RAW, RECORDS, LOG, QUARANTINE):
        latest = made.tables.version(name)
        jobs.append((name, latest))
        if made.oldest == 0:  # never vacuumed
            jobs += [(name, v) for v in chance.sample(range(latest), min(latest, random_tables.VERSIONS - 1))]
    list(threads.map(check, jobs))
    check_accounts(made.tables, made.model)
    check_quarantine(made.tables, made.model)


def test_every_step_was_taken(made_ahead):
    """What the program can do to a table was done to at least one of them."""
    if len(made_ahead.read) < ENOUGH_FOR_EVERY_STEP:
        pytest.skip(f"only {len(made_ahead.read)} tables were read")
    there = [s.name for s in maintenance.STEPS + maintenance.OPTIONS if s.there()]
    wanted = [*there, "replaced", "deleted", "unchanged", "held", "widened", "empty"]
    assert not [name for name in wanted if not random_tables.exercised[name]]

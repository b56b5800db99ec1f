"""Tables of ours in a bucket, read by Spark over s3a and by the others: all five, at several versions."""

import os
import random

import engines
import pytest
import random_tables
import spark
from agreement import check_accounts, check_equal
from readers import LOG, QUARANTINE, RAW, RECORDS, SNAPSHOT, by_file

SEEDS = int(os.environ.get("RTLOADER_INTEROP_S3_SEEDS", "3"))
FIRST = 10_000  # other seeds than the folders'


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_tables_in_a_bucket(seed, bucket, tmp_path, all_engines, threads, spark_session):
    spark.reach_s3(spark_session, bucket.server, bucket.bucket)
    made = random_tables.make(bucket, seed, tmp_path)
    chance = random.Random(seed)
    jobs = [(SNAPSHOT, version) for version in made.versions()]
    for name in (RAW, RECORDS, LOG, QUARANTINE):
        latest = made.tables.version(name)
        jobs.append((name, latest))
        if latest and made.oldest == 0:
            jobs.append((name, chance.randrange(latest)))

    def check(job):
        name, version = job
        what = f"seed {seed}, {name} version {version}, after {made.steps}"
        return engines.check_agreement(all_engines, engines.Place(made.tables.root / name), version, what)

    for (name, version), rows in zip(jobs, list(threads.map(check, jobs))):
        if name == SNAPSHOT:
            check_equal(by_file(rows.records()), made.known[version], f"seed {seed}, version {version}")
    check_accounts(made.tables, made.model)
    spark.forget_tables(spark_session)

"""Our loader replaces customers while Spark maintains and changes the same snapshot table: nothing is lost or doubled, and
every version is one that a reader may meet."""

import os
import threading

import awaited
import deltalake
import history
import pytest
import spark
from agreement import check_equal
from customers import STRUCK, Customers, rows_of
from program import HELD, OK, Logged, run, sync, verify
from readers import RAW, SNAPSHOT, Tables, by_version
from reference import canonical
from spark_work import KINDS, SparkWork

ROUNDS = int(os.environ.get("RTLOADER_RACE_ROUNDS", "3"))  # of Spark's statements: about 15 s each
CHANGES = 4  # by customers, for each statement
SEEDS = int(os.environ.get("RTLOADER_RACE_SEEDS", "1"))

MAINTENANCE = ("optimize", "vacuum", "add_column")


class Watching:
    """`rtloader watch`, until the block's end."""

    def __init__(self, source, tables):
        self._args = ("watch", source, tables)

    def __enter__(self):
        self._process = Logged(*self._args)
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            assert self._process.poll() is None, f"watch ended with {self._process.returncode}: {self._process.output()}"
        self._process.terminate()
        code = self._process.wait(60)
        if kind is None:
            assert code == OK, f"watch ended with {code} on SIGTERM: {self._process.output()}"


class Syncing:
    """`rtloader sync` again and again, until the block's end."""

    def __init__(self, source, tables):
        self._args, self._stop, self._failed = ("sync", source, tables), threading.Event(), None
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._stop.is_set() and self._failed is None:
            done = run(*self._args)
            if done.code not in (OK, HELD):
                self._failed = done

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._stop.set()
        self._thread.join()
        if kind is None:
            assert self._failed is None, f"a sync failed: {self._failed}"


def work_in_two_threads(session, folder, seed, kinds, before_each):
    """One maintains, one changes rows: Spark races with itself as well. Returns the latter's account."""
    rows = SparkWork(session, folder, seed)
    maintenance = SparkWork(session, folder, seed + 1)
    rows.prepare()
    works = [
        (rows, [k for k in kinds if k.name not in MAINTENANCE]),
        (maintenance, [k for k in kinds if k.name in MAINTENANCE]),
    ]
    failures = []

    def guarded(work, kinds):
        try:
            work.work(kinds, ROUNDS, before_each)
        except Exception as e:
            failures.append(e)

    workers = [threading.Thread(target=guarded, args=work) for work in works]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]
    print("statements:", dict(rows.done + maintenance.done), "lost against others:", dict(rows.lost + maintenance.lost))
    return rows


def check_every_version(session, table, struck, threads, since=0):
    """Returns {(source_file, file_version): generation} that any version held."""
    held = history.History(struck)
    versions = range(since, deltalake.DeltaTable(str(table)).version() + 1)

    def read(version):
        return history.by_deltalake(table, version), history.by_spark(session, table, version)

    for version, (records, counted) in zip(versions, threads.map(read, versions)):
        history.check_one_version_each(counted, f"version {version} read by Spark")
        check_equal(counted, history.counts(records), f"version {version}: Spark against deltalake")
        held.check(version, records)
    print(len(versions), "versions")
    return held.generation_of


def check_end(session, tables, customers, work):
    table = tables.root / SNAPSHOT
    records = history.by_deltalake(table, None)
    check_equal(history.rows_by_file(records), customers.want(), "the snapshot")
    assert history.own_rows(records) == sorted(work.own.items()), "Spark's own rows"
    assert history.by_spark(session, table, tables.version()) == history.counts(records)


@pytest.mark.parametrize("loader", [Watching, Syncing])
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("makes_files", [False, pytest.param(True, marks=awaited.needs_files_of_others)])
def test_race(seed, loader, makes_files, tmp_path, spark_session, threads):
    kinds = [kind for kind in KINDS if makes_files or not kind.makes_files]
    customers = Customers(tmp_path / "in", seed)
    tables = Tables(tmp_path / "tables")
    sync(customers.folder, tables.root, expect=OK)
    with customers, loader(customers.folder, tables.root):
        work = work_in_two_threads(spark_session, tables.root / SNAPSHOT, seed, kinds, lambda: customers.allow(CHANGES))

    for name in STRUCK:  # what was deleted from them is theirs again with their next version
        customers.overwrite(name)
    sync(customers.folder, tables.root, expect=OK)
    verify(customers.folder, tables.root)
    check_end(spark_session, tables, customers, work)
    held = check_every_version(spark_session, tables.root / SNAPSHOT, work.struck, threads)
    raw = by_version(tables.records(RAW))
    want = {key: canonical(rows_of(key[0], int(generation))) for key, generation in held.items()}
    check_equal(raw, want, "raw against all versions of the snapshot")  # I5
    spark.forget_tables(spark_session)

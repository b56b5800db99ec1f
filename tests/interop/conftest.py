import concurrent.futures
import pathlib
import shutil

import engines
import maintenance
import pytest
import random_tables
import spark

_AHEAD = 3


@pytest.fixture(scope="session")
def spark_session():
    session = spark.start()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def all_engines(spark_session):
    return [engines.DeltaLake(), engines.DuckDB(), engines.Polars(), engines.Spark(spark_session)]


@pytest.fixture(scope="session")
def threads():
    """One for each core: the same ones for the whole run, as Spark keeps one of its own for each."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield pool


class MadeAhead:
    """The next tables are made while the present one is read."""

    def __init__(self, folder, pool):
        self.folder, self._pool, self._futures = pathlib.Path(folder), pool, {}
        self.read = set()

    def place(self, seed):
        return self.folder / f"seed-{seed}"

    def _make(self, seed):
        self.place(seed).mkdir()
        return random_tables.make(self.place(seed), seed)

    def get(self, seed):
        for n in range(seed, min(seed + _AHEAD, random_tables.SEEDS)):
            if n not in self._futures:
                self._futures[n] = self._pool.submit(self._make, n)
        return self._futures[seed].result()

    def done(self, seed):
        """Its tables agree: they are of no more use."""
        self.read.add(seed)
        self._futures[seed] = None
        shutil.rmtree(self.place(seed), ignore_errors=True)


@pytest.fixture(scope="session")
def made_ahead(tmp_path_factory):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield MadeAhead(tmp_path_factory.mktemp("tables"), pool)


def pytest_terminal_summary(terminalreporter):
    taken = ", ".join(f"{name} {count}" for name, count in sorted(random_tables.exercised.items()))
    if taken:
        terminalreporter.write_line(f"interop: steps taken: {taken}")
        terminalreporter.write_line(f"interop: not in this program: {', '.join(maintenance.missing()) or 'none'}")
        for (name, feature), count in engines.refused.items():
            terminalreporter.write_line(f"interop: {name} refused {count} versions that need {feature}")

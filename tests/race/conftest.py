import concurrent.futures
import os
import pathlib
import subprocess

import pytest
import spark
from program import PROJECT


def log_store():
    """The jar of our log stores: RTLOADER_LOG_STORE, else built by tools/log-store."""
    if given := os.environ.get("RTLOADER_LOG_STORE"):
        return pathlib.Path(given)
    made = subprocess.run([PROJECT / "tools/log-store"], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"the log store for Spark cannot be built: {made.stderr}")
    return pathlib.Path(made.stdout.strip())


@pytest.fixture(scope="session")
def spark_session():
    session = spark.start(
        jars=[log_store()],
        **{
            # Delta's own looks whether a version is there and then writes it: it could overwrite a commit of ours.
            "spark.delta.logStore.file.impl": "rtloader.spark.LocalLogStore",
            "spark.databricks.delta.optimize.maxThreads": "1",
        },
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def threads():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield pool

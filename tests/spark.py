"""Spark with Delta, one session for the whole test process: its start takes longer than most tests.

Installed by tools/engines into RTLOADER_ENGINES. Where it is not installed its tests are skipped.
"""

import os
import pathlib
import sys

import pytest

_CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "rtloader"
ENGINES = pathlib.Path(
    os.environ.get("RTLOADER_ENGINES") or pathlib.Path(os.environ.get("RTLOADER_CACHE") or _CACHE) / "engines"
)
JARS = ENGINES / "jars"

# Small tables on two cores: no parallelism inside a query, no web page, nothing on any other address than the host's own.
_SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.files.openCostInBytes": "0",
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.sql.maxPlanStringLength": "1000",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "1",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.ui.retainedExecutions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
}


def add_to_path():
    """pyspark and polars come with the engines; what the project's own environment has as well is taken from there."""
    sys.path += [str(p) for p in ENGINES.glob("venv/lib/python3*/site-packages") if str(p) not in sys.path]


def start(jars=(), **settings):
    """A session with more jars and settings (dots of a setting's name written as they are, in a dict)."""
    if not list(JARS.glob("delta-spark_*.jar")):
        pytest.skip(f"{JARS} has no Delta for Spark: tools/engines")
    add_to_path()
    pyspark_sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: tools/engines")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    class_path = ":".join([f"{JARS}/*", *map(str, jars)])  # not spark.jars: that copies them for each session
    builder = pyspark_sql.SparkSession.builder.master("local[2]").appName("rtloader tests")
    for name, value in {**_SETTINGS, "spark.driver.extraClassPath": class_path, **settings}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def reach_s3(session, server, bucket):
    """Lets the session read s3a://bucket/ on a server of servers.py."""
    from servers import ACCESS_KEY, REGION, SECRET_KEY

    settings = session._jsc.hadoopConfiguration()
    for name, value in {
        "endpoint": server.url,
        "endpoint.region": REGION,
        "path.style.access": "true",
        "access.key": ACCESS_KEY,
        "secret.key": SECRET_KEY,
        "connection.ssl.enabled": "false",
    }.items():
        settings.set(f"fs.s3a.bucket.{bucket}.{name}", value)


def forget_tables(session):
    """Delta keeps the state of every table that it has read."""
    session._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()

"""Appends rows to a Delta table with Spark, one a commit. Run as a process of its own, with a Spark of its own.

One JSON object as its argument: table, name (of this writer), appends, jars, settings (of Spark). Prints lines of JSON: first the
log store in use, then, once a line has been read, {"id", "version"} for each append that Spark said it made, and at the end what
Spark reads.
"""

import json
import sys

import spark


def say(**what):
    print(json.dumps(what), flush=True)


def log_store(session, table):
    """The class that Delta writes this table's log with."""
    path = session._jvm.org.apache.hadoop.fs.Path(table)
    store = session._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session._jsparkSession, path).store()
    return store.getDelegate(path).logStoreImpl().getClass().getName()


def main():
    job = json.loads(sys.argv[1])
    # Quick to be there, rather than quick.
    compiler = {"spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1", "spark.driver.memory": "1g"}
    session = spark.start(job["jars"], **compiler, **job["settings"])
    from pyspark.sql.functions import lit

    say(store=log_store(session, job["table"]))
    sys.stdin.readline()
    for id in range(job["appends"]):
        rows = session.range(id, id + 1, 1, 1).withColumn("writer", lit(job["name"]))
        rows.write.format("delta").mode("append").option("userMetadata", f"{job['name']} {id}").save(job["table"])
        version = session.conf.get("spark.databricks.delta.lastCommitVersionInSession")
        say(id=id, version=int(version))
    rows = session.read.format("delta").load(job["table"]).collect()
    say(rows=sorted([row.writer, row.id] for row in rows))
    session.stop()


main()

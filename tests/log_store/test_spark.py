"""Spark with our log stores, beside a second Spark and a writer that shares no code with them, which commits as rtloader does:
by link(2) on disk, by a conditional PUT on S3. Nobody's commit is overwritten."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

import deltalake
import pyarrow
import pytest
import servers
import spark
from botocore.exceptions import ClientError
from s3_path import S3Path
from servers import PROJECT

APPENDS = int(os.environ.get("RTLOADER_TEST_SPARK_APPENDS", "8"))
STORES = {"file": "rtloader.spark.LocalLogStore", "s3a": "rtloader.spark.S3LogStore"}


@pytest.fixture(scope="module")
def jar():
    if not list(spark.JARS.glob("delta-spark_*.jar")):
        pytest.skip(f"Spark is not in {spark.ENGINES}: tools/engines")
    built = subprocess.run([PROJECT / "tools/log-store"], stdout=subprocess.PIPE, text=True)
    if built.returncode:
        pytest.skip("the log stores cannot be built here: tools/log-store")
    return built.stdout.strip()


class Spark:
    """A Spark of its own. `go` lets it write."""

    def __init__(self, name, table, jar, settings):
        job = {"name": name, "table": table, "jars": [jar], "settings": settings, "appends": APPENDS}
        self.name = name
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).parent / "spark_appends.py", json.dumps(job)],
            env={**os.environ, "PYTHONPATH": str(PROJECT / "tests")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            pytest.fail(f"{self.name} ended:\n{self.errors.read()[-4000:]}")
        return json.loads(line)

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def appended(self):
        """Id → version, as Spark said it; then the rows it sees."""
        made = {}
        while "rows" not in (line := self.line()):
            made[line["id"]] = line["version"]
        return made, line["rows"]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


def put_if_absent(log, name, text):
    """False: another has it."""
    if isinstance(log, S3Path):
        s3 = servers.client("s3", log.server.url)
        try:
            s3.put_object(Bucket=log.bucket, Key=f"{log.key}/{name}", Body=text, IfNoneMatch="*")
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
                raise
            return False
        return True
    temp = log / f".rtl-tmp.{os.getpid()}"
    temp.write_bytes(text)
    try:
        os.link(temp, log / name)
    except FileExistsError:
        return False
    finally:
        temp.unlink()
    return True


class Other(threading.Thread):
    """Commits that change nothing: at once after each commit of another, when those who lost try again, and else seldom: Spark
    reads all that it has missed before it tries, and must come to its turn. `made` is what it was told is there."""

    def __init__(self, log):
        super().__init__()
        self.log, self.made, self.done, self.failure = log, {}, threading.Event(), None

    def run(self):
        version = 1
        try:
            while not self.done.is_set():
                text = json.dumps({"commitInfo": {"operation": "NOTHING", "engineInfo": "other", "version": version}}) + "\n"
                if put_if_absent(self.log, f"{version:020}.json", text.encode()):
                    self.made[version] = text.encode()
                    self.wait_for(version + 1)
                version += 1
        except Exception as failure:
            self.failure = failure

    def wait_for(self, version):
        deadline = time.monotonic() + 5
        while not (self.log / f"{version:020}.json").exists() and time.monotonic() < deadline:
            if self.done.wait(0.005):
                return


def test_nobodys_commit_is_overwritten(place, jar):
    table = place / "table"
    scheme = "s3a" if isinstance(place, S3Path) else "file"
    uri = f"s3a://{table.bucket}/{table.key}" if scheme == "s3a" else table.as_uri()
    deltalake.write_deltalake(str(table), pyarrow.table({"id": pyarrow.array([], "int64"), "writer": pyarrow.array([], "string")}))
    log = table / "_delta_log"
    settings = {f"spark.delta.logStore.{scheme}.impl": STORES[scheme]}
    if scheme == "s3a":
        settings |= {
            "spark.hadoop.fs.s3a.endpoint": place.server.url,
            "spark.hadoop.fs.s3a.endpoint.region": servers.REGION,
            "spark.hadoop.fs.s3a.path.style.access": "true",
            "spark.hadoop.fs.s3a.access.key": servers.ACCESS_KEY,
            "spark.hadoop.fs.s3a.secret.key": servers.SECRET_KEY,
            "spark.hadoop.delta.enableFastS3AListFrom": "true",
        }
    other = Other(log)
    with contextlib.ExitStack() as ends:
        writers = [Spark(name, uri, jar, settings) for name in ("one", "two")]
        for writer in writers:
            ends.callback(writer.stop)
        for writer in writers:
            assert writer.line() == {"store": STORES[scheme]}
        ends.callback(other.join)
        ends.callback(other.done.set)
        other.start()
        for writer in writers:
            writer.go()
        said = {writer.name: writer.appended() for writer in writers}
    assert other.failure is None

    names = log.objects() if scheme == "s3a" else os.listdir(log)
    commits = {int(name[:20]): (log / name).read_bytes() for name in names if re.fullmatch(r"\d{20}\.json", name)}
    assert sorted(commits) == list(range(len(commits)))
    assert len(other.made) >= APPENDS  # there was a race
    for version, text in other.made.items():
        assert commits[version] == text
    for name, (made, _) in said.items():
        assert sorted(made) == list(range(APPENDS))
        for id, version in made.items():
            info = next(a["commitInfo"] for line in commits[version].splitlines() if "commitInfo" in (a := json.loads(line)))
            assert info["userMetadata"] == f"{name} {id}"
    assert len(commits) == 1 + len(other.made) + sum(len(made) for made, _ in said.values())
    assert not [name for name in names if name.startswith(".rtl-tmp.")]

    rows = sorted([name, id] for name in said for id in range(APPENDS))
    read = deltalake.DeltaTable(str(table)).to_pyarrow_table().to_pylist()
    assert sorted([row["writer"], row["id"]] for row in read) == rows
    assert max((seen for _, seen in said.values()), key=len) == rows  # the one that ended last

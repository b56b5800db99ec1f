"""`rtloader lambda` behind AWS's runtime interface emulator: an event's files are loaded and those alone."""

import contextlib
import json
import os
import threading
import urllib.request

import pytest
import servers
from program import PROGRAM, verify
from readers import SNAPSHOT, Tables, by_file
from s3_events import TEST_EVENT, event_bridge, in_sns, notification, record


def row(text):
    return '{"wid":"%s"}\n' % text


def rows_of(tables):
    if not tables.exists(SNAPSHOT):
        return {}
    return {name: [dict(r)["wid"] for r in rows] for name, rows in by_file(tables.records(SNAPSHOT)).items()}


@contextlib.contextmanager
def emulator(bootstrap, settings):
    program, port, api = servers.need("aws-lambda-rie"), servers.free_port(), servers.free_port()
    command = [program, "--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    command += ["--runtime-api-address", f"127.0.0.1:{api}", bootstrap]
    with servers.running(*command, port=port, env=settings) as server:
        yield server


class Function:
    def __init__(self, bucket, folder):
        self.bucket, self.folder = bucket, folder
        self.bootstrap = folder / "bootstrap"
        self.bootstrap.write_text(f"#!/bin/sh\nexec {PROGRAM} lambda\n")
        self.bootstrap.chmod(0o755)
        self.settings = {
            "RTLOADER_SOURCE_PATH": os.fspath(bucket / "in") + "/",
            "RTLOADER_TABLES_ROOT": os.fspath(bucket / "tables") + "/",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
            "AWS_LAMBDA_FUNCTION_NAME": "rtloader",
        }

    def __enter__(self):
        self._context = emulator(self.bootstrap, self.settings)
        self.server = self._context.__enter__()
        return self

    def __exit__(self, *error):
        return self._context.__exit__(*error)

    def invoke(self, event):
        body = (event if isinstance(event, str) else json.dumps(event)).encode()
        url = f"{self.server.url}/2015-03-31/functions/function/invocations"
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=60) as answer:
            return json.loads(answer.read() or b"null")


@pytest.fixture
def function(bucket, tmp_path):
    with Function(bucket, tmp_path) as running:
        yield running


@pytest.fixture
def tables(bucket):
    return Tables(bucket / "tables")


def created(bucket, name, **more):
    return record(bucket.bucket, f"in/{name}", **more)


def sqs(*bodies):
    return {
        "Records": [
            {
                "messageId": f"m{n}",
                "receiptHandle": f"r{n}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1767225600000"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:files",
                "awsRegion": "us-east-1",
            }
            for n, body in enumerate(bodies)
        ]
    }


def test_the_events_files_and_no_others(bucket, tables, function):
    for name in ("id-1.txt", "with space+plus.txt", "untold.txt"):
        (bucket / "in" / name).write_text(row(name))
    function.invoke(notification(created(bucket, "id-1.txt"), created(bucket, "with space+plus.txt")))
    assert rows_of(tables) == {name: [name] for name in ("id-1.txt", "with space+plus.txt")}
    (bucket / "in/id-1.txt").write_text(row("again"))
    function.invoke(notification(created(bucket, "id-1.txt")))
    assert rows_of(tables)["id-1.txt"] == ["again"]
    (bucket / "in/id-1.txt").unlink()
    function.invoke(notification(created(bucket, "id-1.txt", event="ObjectRemoved:Delete")))
    assert set(rows_of(tables)) == {"with space+plus.txt"}


def test_a_batch_from_a_queue(bucket, tables, function):
    names = [f"id-{n}.txt" for n in range(8)]
    for name in names:
        (bucket / "in" / name).write_text(row(name))
    answer = function.invoke(sqs(*(notification(created(bucket, name)) for name in names)))
    assert answer["batchItemFailures"] == []
    assert rows_of(tables) == {name: [name] for name in names}
    verify(bucket / "in", bucket / "tables")


def test_partial_failures_of_a_batch(bucket, tables, function):
    (bucket / "in/id-1.txt").write_text(row("1"))
    answer = function.invoke(sqs("not json", notification(created(bucket, "id-1.txt")), '{"Records": 5}'))
    assert {f["itemIdentifier"] for f in answer["batchItemFailures"]} == {"m0", "m2"}
    assert rows_of(tables) == {"id-1.txt": ["1"]}


def test_envelopes(bucket, tables, function):
    (bucket / "in/sns.txt").write_text(row("sns"))
    (bucket / "in/bridge.txt").write_text(row("bridge"))
    answer = function.invoke(sqs(in_sns(notification(created(bucket, "sns.txt"))), TEST_EVENT))
    assert answer["batchItemFailures"] == []
    function.invoke(event_bridge(bucket.bucket, "in/bridge.txt"))
    assert rows_of(tables) == {"sns.txt": ["sns"], "bridge.txt": ["bridge"]}


def test_foreign_files_are_left_alone(bucket, tables, function):
    (bucket / "in/mine.txt").write_text(row("mine"))
    (bucket / "elsewhere/x.txt").write_text(row("x"))
    function.invoke(
        notification(
            record(bucket.bucket, "elsewhere/x.txt"), record("another-bucket", "in/mine.txt"), created(bucket, "mine.txt")
        )
    )
    assert rows_of(tables) == {"mine.txt": ["mine"]}


def test_two_functions_at_once(bucket, tables, tmp_path):
    """Lambda starts as many as it likes: no coordination but the log."""
    (tmp_path / "other").mkdir()
    with Function(bucket, tmp_path) as first, Function(bucket, tmp_path / "other") as second:
        for number in range(6):
            for n in range(4):
                (bucket / f"in/id-{n}.txt").write_text(row(f"{number}-{n}"))
            event = notification(*(created(bucket, f"id-{n}.txt") for n in range(4)))
            threads = [threading.Thread(target=f.invoke, args=(event,)) for f in (first, second)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert rows_of(tables) == {f"id-{n}.txt": [f"{number}-{n}"] for n in range(4)}
    verify(bucket / "in", bucket / "tables")

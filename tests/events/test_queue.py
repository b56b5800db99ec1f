"""Events from a queue: what is put into the bucket reaches the tables with no listing in between, and lost, doubled or
shuffled events do no harm."""

import random
import time

import pytest
import servers
from conftest import new_bucket, talk_to
from program import OK, Logged, Watch, run, verify, wait_until
from queues import Queue, quiet
from readers import SNAPSHOT, Tables, by_file
from s3_events import TEST_EVENT, event_bridge, in_sns, notification, record

HOUR = {"RTLOADER_EVENTS_LIST_INTERVAL": "1h", "RTLOADER_WATCH_LIST_INTERVAL": "1h"}


def row(text):
    return '{"wid":"%s"}\n' % text


def rows_of(tables):
    if not tables.exists(SNAPSHOT):
        return {}
    return {name: [dict(r)["wid"] for r in rows] for name, rows in by_file(tables.records(SNAPSHOT)).items()}


def listed_once(proxy):
    """Waits for the listing that every watch begins with."""
    wait_until(lambda: proxy.requests().get("LIST"), what="the first listing")
    time.sleep(0.3)
    return proxy.requests()["LIST"]


# -- moto: the bucket itself tells the queue


@pytest.fixture
def told(moto_server, monkeypatch):
    """(bucket, queue, proxy): the bucket's events go to the queue."""
    with servers.proxy_before(moto_server) as proxy:
        talk_to(monkeypatch, moto_server)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.url)
        bucket, queue = new_bucket(moto_server), Queue(moto_server)
        bucket.client.put_bucket_notification_configuration(
            Bucket=bucket.bucket,
            NotificationConfiguration={
                "QueueConfigurations": [
                    {"QueueArn": queue.arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
                ]
            },
        )
        yield bucket, queue, proxy


def test_a_put_reaches_the_tables_with_no_listing(told, tmp_path):
    bucket, queue, proxy = told
    tables = Tables(tmp_path / "tables")
    (bucket / "in/before.txt").write_text(row("before"))
    with Watch(bucket / "in", tables.root, env={**HOUR, "RTLOADER_EVENTS_SQS": queue.url}):
        wait_until(lambda: rows_of(tables) == {"before.txt": ["before"]}, what="the first listing's file")
        listings = listed_once(proxy)
        names = ["id-1.txt", "with space+plus%25.txt", "deep/er/ünïcödé.txt"]
        for name in names:
            (bucket / "in" / name).write_text(row(name))
        wait_until(lambda: rows_of(tables) == {n: [n] for n in names} | {"before.txt": ["before"]}, what="the puts")
        (bucket / "in/id-1.txt").write_text(row("again"))
        (bucket / "in/before.txt").unlink()
        wait_until(lambda: rows_of(tables) == {n: [n] for n in names} | {"id-1.txt": ["again"]}, what="the overwrite")
        (bucket / "elsewhere.txt").write_text(row("foreign"))
        wait_until(lambda: quiet(queue), what="an empty queue")
        assert proxy.requests()["LIST"] == listings, "it listed"
    assert "elsewhere.txt" not in rows_of(tables)
    verify(bucket / "in", tables.root)


# -- ElasticMQ and events written by hand: as AWS sends them, and worse


@pytest.fixture
def place(bucket, sqs_server, proxy, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", sqs_server.url)
    return bucket


@pytest.fixture
def queue(sqs_server):
    return Queue(sqs_server, VisibilityTimeout="2")


def created(bucket, name, **more):
    return record(bucket.bucket, f"in/{name}", **more)


def test_lost_doubled_and_shuffled_events(place, queue, tmp_path):
    """5 % lost, 10 % doubled, all shuffled: after the next listing every file is right."""
    tables, chance = Tables(tmp_path / "tables"), random.Random(5)
    settings = {"RTLOADER_EVENTS_SQS": queue.url, "RTLOADER_EVENTS_LIST_INTERVAL": "3s"}
    want, waiting = {}, []
    with Watch(place / "in", tables.root, env=settings):
        for number in range(300):
            name = f"id-{chance.randrange(40)}.txt"
            if chance.random() < 0.15 and name in want:
                (place / "in" / name).unlink()
                del want[name]
                told = created(place, name, event="ObjectRemoved:Delete", sequencer=number)
            else:
                (place / "in" / name).write_text(row(number))
                want[name] = [str(number)]
                told = created(place, name, sequencer=number)
            waiting += [told] * chance.choices([0, 1, 2], [5, 85, 10])[0]
            if len(waiting) > 30:
                chance.shuffle(waiting)
                queue.send(*(notification(e) for e in waiting[:20]))
                del waiting[:20]
        queue.send(*(notification(e) for e in waiting))
        wait_until(lambda: rows_of(tables) == want, what="agreement with the bucket")
        wait_until(lambda: quiet(queue), what="an empty queue")
    verify(place / "in", tables.root)


def test_all_envelopes(place, queue, proxy, tmp_path):
    tables = Tables(tmp_path / "tables")
    bodies = {
        "plain.txt": lambda name: notification(created(place, name)),
        "sns.txt": lambda name: in_sns(notification(created(place, name))),
        "bridge.txt": lambda name: event_bridge(place.bucket, f"in/{name}"),
        "in sns, a bridge+1.txt": lambda name: in_sns(event_bridge(place.bucket, f"in/{name}")),
        "multipart.txt": lambda name: notification(created(place, name), created(place, name)),
    }
    with Watch(place / "in", tables.root, env={**HOUR, "RTLOADER_EVENTS_SQS": queue.url}):
        listings = listed_once(proxy)
        for name, body in bodies.items():
            (place / "in" / name).write_text(row(name))
            queue.send(body(name))
        wait_until(lambda: rows_of(tables) == {name: [name] for name in bodies}, what="every envelope's file")
        queue.send(
            TEST_EVENT,
            notification(created(place, "plain.txt", event="ObjectRestore:Completed")),
            notification(created(place, "plain.txt", event="ObjectTagging:Put")),
            notification(record("another-bucket", "in/plain.txt")),
            notification(record(place.bucket, "other-folder/plain.txt")),
        )
        wait_until(lambda: quiet(queue), what="an empty queue: all was understood")
        assert proxy.requests()["LIST"] == listings, "it listed"
    assert rows_of(tables) == {name: [name] for name in bodies}


def test_many_events_in_one_message_and_a_file_that_is_gone(place, queue, tmp_path):
    tables = Tables(tmp_path / "tables")
    names = [f"id-{n}.txt" for n in range(20)]
    for name in names:
        (place / "in" / name).write_text(row(name))
    with Watch(place / "in", tables.root, env={**HOUR, "RTLOADER_EVENTS_SQS": queue.url}):
        wait_until(lambda: len(rows_of(tables)) == 20)
        (place / "in/id-3.txt").unlink()
        (place / "in/id-4.txt").write_text(row("new"))
        queue.send(notification(*(created(place, name) for name in [*names, "never.txt"])))
        want = {name: [name] for name in names if name != "id-3.txt"} | {"id-4.txt": ["new"]}
        wait_until(lambda: rows_of(tables) == want, what="the message's files")
        wait_until(lambda: quiet(queue), what="an empty queue")


def test_nonsense_goes_to_the_dead_letters(place, sqs_server, queue, tmp_path):
    dead = Queue(sqs_server)
    settings = {**HOUR, "RTLOADER_EVENTS_SQS": queue.url, "RTLOADER_EVENTS_DLQ": dead.url,
                "RTLOADER_EVENTS_MAX_RECEIVES": "1"}  # fmt: skip
    tables = Tables(tmp_path / "tables")
    nonsense = ["not json", "{}", '{"Records": 5}', '[1, 2']
    with Watch(place / "in", tables.root, env=settings):
        queue.send(*nonsense)
        (place / "in/id-1.txt").write_text(row("good"))
        queue.send(notification(created(place, "id-1.txt")))
        wait_until(lambda: rows_of(tables) == {"id-1.txt": ["good"]}, what="the good event among the bad")
        wait_until(lambda: dead.left() == len(nonsense), what="the dead letters")
        wait_until(lambda: quiet(queue), what="an empty queue")
    assert sorted(dead.receive_all()) == sorted(nonsense)


def test_killed_loaders_leave_no_message_behind(place, queue, tmp_path):
    """What a killed process had received comes back, and is deleted by whoever finds it done."""
    tables, chance = Tables(tmp_path / "tables"), random.Random(3)
    settings = {**HOUR, "RTLOADER_EVENTS_SQS": queue.url}
    assert run("sync", place / "in", tables.root).code == OK
    want = {}
    for number in range(6):
        for n in range(10):
            (place / f"in/id-{n}.txt").write_text(row(f"{number}-{n}"))
            want[f"id-{n}.txt"] = [f"{number}-{n}"]
            queue.send(notification(created(place, f"id-{n}.txt", sequencer=number)))
        process = Logged("watch", place / "in", tables.root, env=settings)
        time.sleep(chance.uniform(0.05, 0.4))
        process.kill()
        process.wait()
    with Watch(place / "in", tables.root, env=settings):
        wait_until(lambda: rows_of(tables) == want, what="all events' files")
        wait_until(lambda: quiet(queue), timeout=90, what="an empty queue")  # receivers claim messages for a minute
    verify(place / "in", tables.root)


def test_several_processes_share_a_queue(place, queue, tmp_path):
    tables = Tables(place / "tables")
    tables_read = Tables(place.behind / "tables")
    settings = {**HOUR, "RTLOADER_EVENTS_SQS": queue.url}
    want = {}
    with Watch(place / "in", tables.root, env=settings), Watch(place / "in", tables.root, env=settings):
        for number in range(60):
            name = f"id-{number % 15}.txt"
            (place / "in" / name).write_text(row(number))
            want[name] = [str(number)]
            queue.send(notification(created(place, name, sequencer=number)))
        wait_until(lambda: rows_of(tables_read) == want, what="all events' files")
        wait_until(lambda: quiet(queue), what="an empty queue")
    verify(place / "in", tables.root)

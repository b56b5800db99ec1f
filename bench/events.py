#!/usr/bin/env python3
"""From the answer to a PUT to the commit that shows it: `rtloader watch` told by a queue. What it means: bench/README.md."""

import argparse
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(PROJECT / "tests"), str(PROJECT / "tests/events"), str(PROJECT / "bench")]

import run as figures  # noqa: E402
import servers  # noqa: E402

servers.add_client_to_path()

from program import Watch  # noqa: E402
from queues import Queue  # noqa: E402
from s3_events import notification, record  # noqa: E402

HOUR = {"RTLOADER_EVENTS_LIST_INTERVAL": "1h", "RTLOADER_WATCH_LIST_INTERVAL": "1h"}


def wait_for(log, after, name, timeout=30):
    return figures.commit_of(log, after, name, timeout)


def latencies(args, s3, sqs, tables, tell):
    """Seconds of each overwrite. `tell` sends the event of a key, when the bucket does not."""
    client, chance, out = servers.client("s3", s3.url), random.Random(1), []
    names = [f"id-{n}.txt" for n in range(args.customers)]

    def put(name, text):
        client.put_object(Bucket="bench", Key=f"in/{name}", Body=('{"wid":"%s"}\n' % text * 100).encode())

    for name in names:
        put(name, "first")
    queue = Queue(sqs)
    tell.prepare(s3, queue)
    os.environ.update(servers.environment(s3.url))
    os.environ.pop("AWS_ENDPOINT_URL")
    os.environ.update({"AWS_ENDPOINT_URL_S3": s3.url, "AWS_ENDPOINT_URL_SQS": sqs.url})
    log = pathlib.Path(tables) / figures.SNAPSHOT / "_delta_log"
    with Watch("s3://bench/in/", tables, env={**HOUR, "RTLOADER_EVENTS_SQS": queue.url}):
        deadline = time.monotonic() + 60
        while figures.log_version(log) < 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(2)
        for number in range(args.overwrites):
            name = chance.choice(names)
            before = figures.log_version(log)
            put(name, f"v{number}")
            began = time.perf_counter()
            tell(name)
            out.append(wait_for(log, before, name) - began)
            time.sleep(chance.uniform(0, 0.05))
    return sorted(out)


class Notified:
    """The bucket tells the queue by itself (moto)."""

    def prepare(self, s3, queue):
        servers.client("s3", s3.url).put_bucket_notification_configuration(
            Bucket="bench",
            NotificationConfiguration={"QueueConfigurations": [{"QueueArn": queue.arn, "Events": ["s3:ObjectCreated:*"]}]},
        )

    def __call__(self, name):
        pass


class Told:
    """The event is sent right after the PUT (versitygw and ElasticMQ)."""

    def prepare(self, s3, queue):
        self.queue = queue

    def __call__(self, name):
        self.queue.send(notification(record("bench", f"in/{name}")))


def measure(args, label, s3, sqs, tell):
    servers.client("s3", s3.url).create_bucket(Bucket="bench")
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as tables:
        seconds = latencies(args, s3, sqs, tables, tell)
    cut = [1000 * seconds[min(len(seconds) - 1, int(len(seconds) * share))] for share in (0.5, 0.99)]
    figures.result(f"{label}, {len(seconds)} overwrites", f"{cut[0]:.0f} ms", f"{cut[1]:.0f} ms",
                   f"mean {1000 * statistics.mean(seconds):.0f} ms, worst {1000 * seconds[-1]:.0f} ms")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--overwrites", type=int, default=500)
    parser.add_argument("--customers", type=int, default=50)
    args = parser.parse_args()
    with servers.s3_server() as s3, servers.sqs_server() as sqs:
        measure(args, "versitygw and ElasticMQ", s3, sqs, Told())
    with servers.moto_server() as moto:
        measure(args, "moto, S3 and SQS in one process", moto, moto, Notified())
    figures.print_results(("from a PUT's answer to the visible commit", "p50", "p99", ""))


if __name__ == "__main__":
    main()

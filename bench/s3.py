#!/usr/bin/env python3
"""Figures over S3: a local server, behind a proxy that delays every request. What each means: bench/README.md."""

import argparse
import concurrent.futures
import os
import pathlib
import resource
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(PROJECT / "tests"), str(PROJECT / "bench")]

import run as figures  # noqa: E402
import servers  # noqa: E402

servers.add_client_to_path()

ROW = '{"wid":"%s","ut_id":"u%d","json_data":{"n":%d,"text":"%s"}}\n'


def fill(server, bucket, files, rows):
    """Past the proxy: uploading is not what is measured."""
    text = "x" * 60
    client = servers.client("s3", server.url)

    def put(n):
        body = "".join(ROW % (f"{n:06}", r, n * rows + r, text) for r in range(rows)).encode()
        client.put_object(Bucket=bucket, Key=f"in/id-{n}.txt", Body=body)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(files)))


def measured(proxy, *arguments):
    """(seconds, peak MB, requests by kind) of a run through the proxy."""
    os.environ.update(servers.environment(proxy.url))
    proxy.reset()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, peak = figures.measured(figures.PROGRAM, *arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    counters = proxy.counters()
    requests = ", ".join(f"{count:,} {kind}" for kind, count in proxy.requests().items())
    return seconds, peak, f"{requests}; at once at most {counters['most_in_flight']}; CPU of rtloader {cpu:.1f} s"


def small_files(args):
    """Many small files, first load, each request delayed."""
    with servers.s3_server() as server, servers.proxy_before(server) as proxy:
        servers.client("s3", server.url).create_bucket(Bucket="bench")
        fill(server, "bench", args.files, 20)
        proxy.set(delay_ms=args.delay_ms)
        figure = f"{args.files:,} files of 20 rows, {args.delay_ms} ms a request"
        seconds, peak, requests = measured(proxy, "sync", "s3://bench/in/", "s3://bench/tables/")
        figures.check_rows(server.root / "bench/tables" / figures.SNAPSHOT, args.files * 20)
        figures.result(figure, f"{seconds:.1f} s, {peak:.0f} MB", f"{args.files / seconds:,.0f} files/s", requests)
        seconds, peak, requests = measured(proxy, "sync", "s3://bench/in/", "s3://bench/tables/")
        figures.result(f"{figure}, nothing changed", f"{seconds:.1f} s, {peak:.0f} MB", "", requests)
        seconds, peak, requests = measured(proxy, "sync", "s3://bench/in/", "s3://bench/other/", "--no-raw")
        rate = f"{args.files / seconds:,.0f} files/s"
        figures.result(f"{figure}, --no-raw", f"{seconds:.1f} s, {peak:.0f} MB", rate, requests)


def many_keys(args):
    """100,000 keys: what a plan costs before anything is loaded, and when nothing has changed."""
    with servers.s3_server() as server, servers.proxy_before(server) as proxy:
        servers.client("s3", server.url).create_bucket(Bucket="bench")
        fill(server, "bench", args.keys, 1)
        for label in ("first plan", "plan with nothing changed"):
            seconds, peak, requests = measured(proxy, "plan", "s3://bench/in/", "s3://bench/tables/")
            figures.result(f"{args.keys:,} keys, {label}", f"{seconds:.1f} s, {peak:.0f} MB", "", requests)
            if label == "first plan":
                seconds, peak, requests = measured(proxy, "sync", "s3://bench/in/", "s3://bench/tables/")
                figures.check_rows(server.root / "bench/tables" / figures.SNAPSHOT, args.keys)
                rate = f"{args.keys / seconds:,.0f} files/s"
                figures.result(f"{args.keys:,} keys, load", f"{seconds:.1f} s, {peak:.0f} MB", rate, requests)


FIGURES = {"small-files": small_files, "many-keys": many_keys}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"of {', '.join(FIGURES)}; all by default")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--delay-ms", type=int, default=30)
    args = parser.parse_args()
    if unknown := set(args.figures) - set(FIGURES):
        parser.error(f"unknown figure: {', '.join(sorted(unknown))}")
    for name in args.figures or FIGURES:
        FIGURES[name](args)
    figures.print_results(("figure", "time, peak memory", "", "requests"))


if __name__ == "__main__":
    main()

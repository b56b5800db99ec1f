"""The proxy itself: without faults it changes nothing, and each fault is what its name says."""

import threading

import botocore.exceptions
import pytest
import servers
from s3_path import S3Path

LOST = (botocore.exceptions.ConnectionClosedError, botocore.exceptions.HTTPClientError)


@pytest.fixture
def through(bucket, proxy):
    """The bucket as seen through the proxy."""
    return S3Path(proxy, bucket.bucket)


def failing(call):
    """(status, code) of what a call is answered."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Code"]


def test_nothing_changes_without_faults(bucket, through, proxy):
    names = ["plain.txt", "with space + plus % percent.txt", "ünïcödé/数据.txt", "new\nline.txt"]
    for number, name in enumerate(names):
        (through / name).write_bytes(bytes([number]) * 300_000)
    assert sorted(through.objects()) == sorted(bucket.objects()) == sorted(names)
    for number, name in enumerate(names):
        assert (through / name).read_bytes() == bytes([number]) * 300_000
    assert (through / names[0]).exists() and not (through / "none").exists()
    (through / names[0]).unlink()
    counters = proxy.counters()
    assert proxy.requests() == {"PUT": 4, "GET": 4, "HEAD": 2, "LIST": 1, "DELETE": 1}
    assert counters["bytes_up"] == counters["PUT"] * 300_000
    assert counters["bytes_down"] > 4 * 300_000


def test_many_connections(through, proxy):
    def work(number):
        for n in range(20):
            (through / f"{number}-{n}").write_text("x")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(through.objects()) == 320
    assert proxy.counters()["most_in_flight"] > 1


@pytest.mark.parametrize(
    "fault,answer", [("slow_down", (503, "SlowDown")), ("error_before", (500, "InternalError"))]
)
def test_refused_before_the_effect(fault, answer, bucket, through, proxy):
    proxy.set(**{fault: 1})
    assert failing(lambda: (through / "x").write_text("x")) == answer
    assert not (bucket / "x").exists()
    assert proxy.counters()[fault] == 1


def test_error_after_the_effect(bucket, through, proxy):
    proxy.set(error_after=1)
    assert failing(lambda: (through / "x").write_text("x")) == (500, "InternalError")
    assert (bucket / "x").read_text() == "x"


@pytest.mark.parametrize("fault,there", [("cut_before", False), ("reply_lost", True)])
def test_lost_connections(fault, there, bucket, through, proxy):
    proxy.set(**{fault: 1})
    with pytest.raises(LOST):
        (through / "x").write_text("x")
    assert (bucket / "x").exists() == there


def test_reply_cut_in_the_body(bucket, through, proxy):
    (bucket / "x").write_bytes(b"x" * 100_000)
    proxy.set(reply_cut=1)
    with pytest.raises((*LOST, botocore.exceptions.ResponseStreamingError, botocore.exceptions.IncompleteReadError)):
        (through / "x").read_bytes()


def test_conflict_is_for_conditional_writes(bucket, through, proxy):
    proxy.set(conflict=1)
    put = through.client.put_object
    call = lambda: put(Bucket=through.bucket, Key="x", Body=b"x", IfNoneMatch="*")  # noqa: E731
    assert failing(call) == (409, "ConditionalRequestConflict")
    assert not (bucket / "x").exists()
    (through / "y").write_text("y")
    assert (bucket / "y").exists()


def test_scripted_answers(bucket, through, proxy):
    (bucket / "secret.txt").write_text("x")
    proxy.script(contains="secret", status=403, method="GET", times=2)
    for _ in range(2):
        assert failing((through / "secret.txt").read_bytes) == (403, "AccessDenied")
    assert (through / "secret.txt").read_text() == "x"
    proxy.script(contains="secret", status=500, code="InternalError")
    proxy.clear()
    assert (through / "secret.txt").exists()


def test_the_same_seed_is_the_same_run(through, proxy):
    def run():
        proxy.set(seed=7, slow_down=0.5)
        out = []
        for n in range(30):
            try:
                (through / f"{n}").write_text("x")
                out.append(True)
            except botocore.exceptions.ClientError:
                out.append(False)
        return out

    first = run()
    assert run() == first and True in first and False in first


def test_server_that_is_gone():
    with servers.s3_server() as server, servers.proxy_before(server) as proxy:
        server.stop()
        client = servers.client("s3", proxy.url)
        assert failing(lambda: client.list_buckets())[0] == 502

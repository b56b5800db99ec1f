import os
import shutil
import uuid

import pytest
import servers
from program import PROGRAM
from s3_path import S3Path

servers.add_client_to_path()

# Most of the time of a test on a disk is its fsyncs; in memory nothing else changes.
MEMORY = "/dev/shm"
MEMORY_NEEDED = 2 << 30


def pytest_configure(config):
    if not config.option.basetemp and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)


def pytest_sessionstart(session):
    if not os.access(PROGRAM, os.X_OK):
        pytest.exit(f"{PROGRAM} is not there: ./dev build, or set RTLOADER", returncode=1)


@pytest.fixture(scope="session")
def s3_server():
    with servers.s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3_versioned_server():
    with servers.s3_server(versioned=True) as server:
        yield server


@pytest.fixture(scope="session")
def moto_server():
    with servers.moto_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqs_server():
    with servers.sqs_server() as server:
        yield server


def talk_to(monkeypatch, server):
    """The program, boto3 and deltalake find the server through the environment."""
    for name, value in servers.environment(server.url).items():
        monkeypatch.setenv(name, value)


def new_bucket(server, versioned=False):
    name = f"b-{uuid.uuid4().hex[:12]}"
    s3 = servers.client("s3", server.url)
    s3.create_bucket(Bucket=name)
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return S3Path(server, name)


def drop_bucket(path):
    if hasattr(path.server, "root"):  # faster than by requests
        shutil.rmtree(path.server.root / path.bucket, ignore_errors=True)
        shutil.rmtree(path.server.root.parent / "versions" / path.bucket, ignore_errors=True)


@pytest.fixture
def bucket(s3_server, monkeypatch):
    """A fresh bucket, and the environment that leads to it."""
    talk_to(monkeypatch, s3_server)
    path = new_bucket(s3_server)
    yield path
    drop_bucket(path)


@pytest.fixture
def versioned_bucket(s3_versioned_server, monkeypatch):
    talk_to(monkeypatch, s3_versioned_server)
    path = new_bucket(s3_versioned_server, versioned=True)
    yield path
    drop_bucket(path)


@pytest.fixture(params=["local", "s3"])
def place(request):
    """Where a test's source and tables lie: a folder, then a bucket."""
    return request.getfixturevalue("tmp_path" if request.param == "local" else "bucket")


@pytest.fixture
def proxy(s3_server):
    """Before the S3 server, with no faults yet."""
    with servers.proxy_before(s3_server) as running:
        yield running

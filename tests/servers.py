"""The servers that tests talk to, started on free ports of 127.0.0.1 and ended with the test process, however that ends.

Installed by tools/servers into RTLOADER_SERVERS. A server that is not installed skips its tests.
"""

import collections
import contextlib
import ctypes
import functools
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

PROJECT = pathlib.Path(__file__).resolve().parent.parent
_CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "rtloader"
SERVERS = pathlib.Path(
    os.environ.get("RTLOADER_SERVERS") or pathlib.Path(os.environ.get("RTLOADER_CACHE") or _CACHE) / "servers"
)
_PIN = hashlib.sha256((PROJECT / "tools/servers-requirements.txt").read_bytes()).hexdigest()[:12]
VENV = SERVERS / f"venv-{_PIN}"

ACCESS_KEY, SECRET_KEY, REGION = "test", "testsecret", "us-east-1"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def add_client_to_path():
    """boto3 comes with the servers, not with the readers."""
    sys.path += [str(p) for p in VENV.glob("lib/python3*/site-packages") if str(p) not in sys.path]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True  # any answer is one
    except OSError:
        return False
    return True


class Server:
    """A process with an HTTP port. `stop` ends it; so does the end of this process."""

    def __init__(self, *command, port, ready="/", env=None, patience=30):
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self._output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [os.fspath(c) for c in command],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            preexec_fn=_die_with_parent,
        )
        deadline = time.monotonic() + patience
        while not answers(self.url + ready):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{command[0]} did not begin to answer:\n{self.output()}")
            time.sleep(0.02)

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        self._output.seek(0)
        return self._output.read().decode("utf-8", "replace")[-4000:]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def need(path):
    path = SERVERS / path
    if not path.exists():
        pytest.skip(f"{path} is not installed: tools/servers")
    return path


@contextlib.contextmanager
def memory_folder(prefix):
    """A folder in memory where there is one: the servers are no test of the disk."""
    path = tempfile.mkdtemp(prefix=prefix, dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(*command, **options):
    server = Server(*command, **options)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def s3_server(versioned=False):
    """versitygw over a folder: `server.root` has a folder for each bucket."""
    program, port = need("versitygw"), free_port()
    with memory_folder("rtloader-s3-") as folder:
        root, versions = folder / "buckets", folder / "versions"
        root.mkdir()
        versions.mkdir()
        history = ["--versioning-dir", versions] if versioned else []
        command = [program, "--access", ACCESS_KEY, "--secret", SECRET_KEY, "--port", f"127.0.0.1:{port}"]
        command += ["--region", REGION, "--quiet", "--health", "/health", "posix", *history, root]
        with running(*command, port=port, ready="/health") as server:
            server.root = root
            yield server


@contextlib.contextmanager
def moto_server():
    """S3 that sends its events to SQS; no judge of races between writers."""
    port = free_port()
    program = need(VENV / "bin/moto_server")
    with running(program, "-H", "127.0.0.1", "-p", str(port), port=port, ready="/moto-api/data.json") as server:
        yield server


_ELASTICMQ = """
include classpath("application.conf")
node-address {{ protocol = http, host = "127.0.0.1", port = {port}, context-path = "" }}
rest-sqs {{ enabled = true, bind-port = {port}, bind-hostname = "127.0.0.1", sqs-limits = strict }}
rest-stats {{ enabled = false }}
generate-node-address = false
aws {{ region = {region}, accountId = 000000000000 }}
"""


@contextlib.contextmanager
def sqs_server():
    """ElasticMQ: visibility, stale receipts and redrive as SQS has them."""
    library, port = need("elasticmq/lib"), free_port()
    java = shutil.which("java") or pytest.skip("java is not installed: tools/servers")
    with memory_folder("rtloader-sqs-") as folder:
        (folder / "elasticmq.conf").write_text(_ELASTICMQ.format(port=port, region=REGION))
        command = [java, "-Xmx256m", f"-Dconfig.file={folder}/elasticmq.conf", "-cp", f"{library}/*"]
        with running(*command, "org.elasticmq.server.Main", port=port, ready="/health") as server:
            yield server


def environment(url):
    """What the program, boto3 and deltalake need to talk to the server."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ALLOW_HTTP": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@functools.cache
def client(service, url):
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed: tools/servers")
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, max_pool_connections=64),
    )


class Proxy(Server):
    """rtl_s3_proxy before a server: `set` faults and delays, `script` answers, read `counters`."""

    def __init__(self, behind, **settings):
        program = os.environ.get("RTLOADER_S3_PROXY") or PROJECT / "build/release/tests/proxy/rtl_s3_proxy"
        port = free_port()
        options = [f for name, value in settings.items() for f in (f"--{name}", str(value))]
        command = [program, "--listen", f"127.0.0.1:{port}", "--upstream", f"127.0.0.1:{behind.port}", *options]
        self.behind = behind
        super().__init__(*command, port=port, ready="/__proxy__/counters")

    @property
    def root(self):
        return self.behind.root

    def _control(self, name, **query):
        with urllib.request.urlopen(f"{self.url}/__proxy__/{name}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
            return json.load(answer)

    def set(self, **settings):
        self._control("set", **settings)

    def script(self, **scripted):
        self._control("script", **scripted)

    def clear(self):
        self._control("clear")

    def reset(self):
        self._control("reset")

    def counters(self):
        return collections.Counter(self._control("counters"))

    def requests(self):
        counters = self.counters()
        return {kind: counters[kind] for kind in ("GET", "HEAD", "LIST", "PUT", "POST", "DELETE") if counters[kind]}


@contextlib.contextmanager
def proxy_before(server, **settings):
    proxy = Proxy(server, **settings)
    try:
        yield proxy
    finally:
        proxy.stop()

"""Runs the program under test: the path in RTLOADER, else the release build."""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from s3_path import S3Path

PROJECT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("RTLOADER") or str(PROJECT / "build/release/src/rtloader")

OK, HELD, FAILED, USAGE, DIFFERS = 0, 3, 1, 2, 4


@dataclasses.dataclass
class Finished:
    code: int
    out: str
    err: str

    @property
    def report(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.code}\n--- stdout\n{self.out[-4000:]}\n--- stderr\n{self.err[-4000:]}"


def run(*args, timeout=120, env=None, prefix=()):
    """Runs rtloader to its end. Output may hold any bytes of file names: undecodable ones become \\xNN."""
    done = subprocess.run(
        [*prefix, PROGRAM, *map(os.fspath, args)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        env={**os.environ, **(env or {})},
    )
    return Finished(done.returncode, *(s.decode("utf-8", "backslashreplace") for s in (done.stdout, done.stderr)))


def sync(source, tables, *flags, expect=(OK, HELD), timeout=120):
    done = run("sync", source, tables, *flags, timeout=timeout)
    assert done.code in (expect if isinstance(expect, tuple) else (expect,)), f"sync {flags}: {done}"
    return done


def verify(source, tables, *flags, expect=OK):
    done = run("verify", source, tables, *flags)
    assert done.code == expect, f"verify {flags}: {done}"
    return done


def start(*args, env=None):
    """Starts rtloader in the background, output to /dev/null. Nothing tells of changes in a bucket: it is listed often."""
    often = {"RTLOADER_WATCH_LIST_INTERVAL": "100ms"} if any(isinstance(a, S3Path) for a in args) else {}
    return subprocess.Popen(
        [PROGRAM, *map(os.fspath, args)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**often, **os.environ, **(env or {})},
    )


class Logged(subprocess.Popen):
    """A process whose standard error is kept; `output` once it has ended."""

    def __init__(self, *args, env=None):
        self._log = tempfile.TemporaryFile()
        super().__init__(
            [PROGRAM, *map(os.fspath, args)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            env={**os.environ, **(env or {})},
        )

    def output(self):
        self._log.seek(0)
        return self._log.read().decode("utf-8", "backslashreplace")[-4000:]


class Watch:
    """`rtloader watch` for the length of a with block; the block's end is a clean stop that must succeed."""

    def __init__(self, source, tables, *flags, env=None):
        self._args, self._env = ("watch", source, tables, *flags), env

    def __enter__(self):
        self.process = start(*self._args, env=self._env)
        return self

    def stop(self, timeout=60):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def __exit__(self, kind, *_):
        if self.process.poll() is None and kind is None:
            code = self.stop()
            assert code in (OK, HELD), f"watch ended with {code} on SIGTERM"
        elif kind is not None:
            self.process.kill()
            self.process.wait()
        else:
            raise AssertionError(f"watch ended by itself with {self.process.returncode}")


def wait_until(true, timeout=30, what="the condition"):
    """Polls until true() is; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come true within {timeout} s"
        time.sleep(0.02)

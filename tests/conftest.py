import os
import shutil

import pytest
from program import PROGRAM

# Most of the time of a test on a disk is its fsyncs; in memory nothing else changes.
MEMORY = "/dev/shm"
MEMORY_NEEDED = 2 << 30


def pytest_configure(config):
    if not config.option.basetemp and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)


def pytest_sessionstart(session):
    if not os.access(PROGRAM, os.X_OK):
        pytest.exit(f"{PROGRAM} is not there: ./dev build, or set RTLOADER", returncode=1)

import os

import pytest
from program import PROGRAM


def pytest_sessionstart(session):
    if not os.access(PROGRAM, os.X_OK):
        pytest.exit(f"{PROGRAM} is not there: ./dev build, or set RTLOADER", returncode=1)

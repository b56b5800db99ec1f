"""HCL and YAML files as values. The parsers live in a virtual environment of this suite alone, made when missing from
requirements.txt; `unavailable()` says why it cannot be made."""

import functools
import hashlib
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PINS = HERE / "requirements.txt"

TO_JSON = """
import json, sys
if sys.argv[1] == "hcl":
    import hcl2
    print(json.dumps([hcl2.loads(open(f).read()) for f in sys.argv[2:]]))
else:
    import yaml
    print(json.dumps([list(yaml.safe_load_all(open(f))) for f in sys.argv[2:]]))
"""


@functools.cache
def _python():
    cache = os.environ.get("RTLOADER_CACHE") or (os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) + "/rtloader"
    venv = pathlib.Path(cache) / f"venv-deploy-{hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]}"
    python = venv / "bin/python"
    if not (venv / ".complete").exists():
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", venv], check=True, capture_output=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
        subprocess.run([*pip, "--require-hashes", "-r", PINS], check=True, capture_output=True, timeout=300)
        (venv / ".complete").touch()
    return python


@functools.cache
def unavailable():
    try:
        _python()
    except (OSError, subprocess.SubprocessError) as error:
        return f"the parsers cannot be installed: {error}"
    return None


def _load(kind, files):
    done = subprocess.run([_python(), "-c", TO_JSON, kind, *files], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def hcl(files):
    """Each file's value. Strings keep their quotes, expressions stand as "${...}", blocks are lists of dicts."""
    return _load("hcl", files)


def yaml(file):
    """The documents of one file."""
    return _load("yaml", [file])[0]

"""deploy/systemd: systemd itself understands the units, and they give away what a loader does not need."""

import configparser
import shutil
import subprocess

import pytest
from program import PROGRAM, PROJECT

UNITS = sorted((PROJECT / "deploy/systemd").glob("rtloader-*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


class Repeated(dict):
    """A key that stands there twice keeps both values, as systemd does it."""

    def __setitem__(self, key, value):
        super().__setitem__(key, self[key] + value if isinstance(value, list) and key in self else value)


def options(unit):
    parser = configparser.RawConfigParser(strict=False, dict_type=Repeated, interpolation=None)
    parser.optionxform = str
    parser.read(unit)
    return {name: dict(parser[name]) for name in parser.sections()}


def test_units_are_there():
    assert [u.name for u in UNITS] == ["rtloader-sync@.service", "rtloader-sync@.timer", "rtloader-watch@.service"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_them(tmp_path):
    for unit in UNITS:
        text = unit.read_text().replace("/usr/bin/rtloader", str(PROGRAM))
        (tmp_path / unit.name.replace("@", "@customers")).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        timeout=60,
    )
    ours = [line for line in done.stderr.splitlines() if "rtloader" in line]
    assert ours == [] and done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", SERVICES, ids=lambda u: u.name)
def test_little_is_exposed(unit, tmp_path):
    copy = tmp_path / unit.name.replace("@", "@customers")
    copy.write_text(unit.read_text().replace("/usr/bin/rtloader", str(PROGRAM)))
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=25", "--no-pager", copy],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda u: u.name)
def test_services_are_hardened(unit):
    service = options(unit)["Service"]
    for name, value in {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "CapabilityBoundingSet": ""}.items():
        assert service[name] == value, name


def test_commands_are_the_programs():
    for unit, command in zip(SERVICES, ("sync", "watch"), strict=True):
        assert options(unit)["Service"]["ExecStart"] == f"/usr/bin/rtloader {command} --config /etc/rtloader/%i.toml"
        done = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and "--config" in done.stdout

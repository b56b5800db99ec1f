"""deploy/kubernetes: documents that Kubernetes would take for what they are, with commands that the program has."""

import pathlib
import subprocess
import sys

import pytest
from program import PROGRAM, PROJECT

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import parsers

pytestmark = pytest.mark.skipif(parsers.unavailable() is not None, reason=str(parsers.unavailable()))

FOLDER = PROJECT / "deploy/kubernetes"


def documents(name):
    return parsers.yaml(FOLDER / name)


def pod(document):
    spec = document["spec"]
    return (spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec)["template"]["spec"]


WORKLOADS = {"deployment.yaml": ("apps/v1", "Deployment", "watch"), "cronjob.yaml": ("batch/v1", "CronJob", "sync")}


@pytest.mark.parametrize("name", WORKLOADS)
def test_workloads(name):
    (document,) = documents(name)
    version, kind, command = WORKLOADS[name]
    assert (document["apiVersion"], document["kind"]) == (version, kind)
    (container,) = pod(document)["containers"]
    assert container["args"][0] == command
    assert "cpu" in container["resources"]["requests"] and "memory" in container["resources"]["limits"]
    security = container["securityContext"]
    assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
    assert pod(document)["securityContext"]["runAsNonRoot"]
    help_text = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, timeout=60).stdout
    for flag in (argument for argument in container["args"] if argument.startswith("--")):
        assert flag in help_text


def test_names_meet():
    account, config = documents("rtloader.yaml")
    assert (account["kind"], config["kind"]) == ("ServiceAccount", "ConfigMap")
    for name in WORKLOADS:
        spec = pod(documents(name)[0])
        assert spec["serviceAccountName"] == account["metadata"]["name"]
        assert [v["configMap"]["name"] for v in spec["volumes"]] == [config["metadata"]["name"]]


def test_configuration_is_the_programs(tmp_path):
    _, config = documents("rtloader.yaml")
    file = tmp_path / "rtloader.toml"
    file.write_text(config["data"]["rtloader.toml"])
    done = subprocess.run(
        [PROGRAM, "plan", "--config", file, "--pattern", "("], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "pattern" in done.stderr, "the file is fine; the pattern of the command line is not"

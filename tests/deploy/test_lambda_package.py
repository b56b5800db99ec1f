"""tools/package-lambda: the zip runs where nothing of this machine is: no C library, no certificates, no configuration."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest
from program import PROGRAM, PROJECT

ALONE = pathlib.Path(__file__).with_name("alone.py")
MOST_ZIPPED = 40_000_000
MOST_UNZIPPED = 250 << 20


def package(output):
    done = subprocess.run(
        [PROJECT / "tools/package-lambda", "--program", PROGRAM, "--output", output],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def zipped(tmp_path_factory):
    output = tmp_path_factory.mktemp("package") / "rtloader.zip"
    said = package(output)
    assert f"{output}: " in said and "libarrow" in said, "says how large it is and what is biggest"
    return output


@pytest.fixture(scope="module")
def root(zipped, tmp_path_factory):
    """A root folder with the zip's tree in var/task, a shell, and a C library that would break whoever loaded it."""
    folder = tmp_path_factory.mktemp("root")
    subprocess.run(["python3", "-c", UNZIP, zipped, folder / "var/task"], check=True)
    for name in ("tmp", "etc", "dev", "bin", "lib64", "lib/x86_64-linux-gnu", "usr/lib64"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copy("/bin/dash", folder / "bin/sh")
    for name in ("lib64", "lib/x86_64-linux-gnu", "usr/lib64"):
        for library in ("libc.so.6", "libstdc++.so.6", "libcurl.so.4", "libnss_files.so.2", "libnss_dns.so.2"):
            (folder / name / library).write_text("not a library")
    return folder


# with the permissions that stand in the zip, as Lambda unpacks it
UNZIP = """
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    for info in archive.infolist():
        path = archive.extract(info, sys.argv[2])
        os.chmod(path, info.external_attr >> 16 & 0o777)
"""


def alone(root, *arguments, variables=None):
    """`bootstrap` with these arguments, with `root` as all there is and a network of its own (alone.py)."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    as_root = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    probe = subprocess.run(["unshare", *as_root, "--net", "--mount", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(f"no namespaces here: {probe.stderr.strip()}")
    return subprocess.run(
        ["unshare", *as_root, "--net", "--mount", sys.executable, "-B", ALONE, root, *arguments],
        env={"LAMBDA_TASK_ROOT": "/var/task", **(variables or {})},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_fits(zipped):
    with zipfile.ZipFile(zipped) as archive:
        unzipped = sum(info.file_size for info in archive.infolist())
    assert zipped.stat().st_size < MOST_ZIPPED
    assert unzipped < MOST_UNZIPPED


def test_the_same_input_gives_the_same_bytes(zipped, tmp_path):
    package(tmp_path / "again.zip")
    digest = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()  # noqa: E731
    assert digest(zipped) == digest(tmp_path / "again.zip")


def test_holds_what_lambda_starts_and_every_licence(zipped):
    with zipfile.ZipFile(zipped) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        bootstrap = archive.read("bootstrap")
    assert list(infos) == sorted(infos)
    assert bootstrap == (PROJECT / "deploy/lambda/bootstrap").read_bytes()
    for name in ("bootstrap", "bin/rtloader", "lib/ld.so"):
        assert infos[name].external_attr >> 16 & 0o777 == 0o755
    assert {"lib/libc.so.6", "lib/libresolv.so.2", "etc/ca-certificates.crt"} <= set(infos)
    for package_name in ("libc6", "libcurl4", "libgnutls30", "libssl3", "libstdc++6", "rtloader", "arrow-LICENSE.txt"):
        assert f"licenses/{package_name}" in infos


def test_starts_with_an_empty_environment(root):
    done = subprocess.run([root / "var/task/bootstrap", "--version"], env={}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("rtloader "), done


def test_starts_where_the_system_has_another_c_library(root):
    done = alone(root, "--version", variables={"LD_LIBRARY_PATH": "/lib64:/usr/lib64:/var/task:/var/task/lib"})
    assert done.returncode == 0 and done.stdout.startswith("rtloader "), done


def test_looks_names_up(root):
    """DNS through /etc/resolv.conf: the server is asked for the bucket's name, and the program connects to its answer."""
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
    done = alone(
        root,
        *("plan", "s3://bucket/in/", "s3://bucket/tables/"),
        variables=keys | {"AWS_ENDPOINT_URL": "http://store.example:8080", "RTLOADER_S3_RETRY_BUDGET": "1s"},
    )
    assert "asked for store.example" in done.stderr, done.stderr
    assert "connected for Host: store.example:8080" in done.stderr, done.stderr
    assert done.returncode == 1 and "AccessDenied" in done.stderr, "the answer's reason is passed on"


def test_trusts_the_certificates_it_brings(root):
    """Where nothing else is said, the file of trusted authorities is the zip's own."""
    bundle = root / "var/task/etc/ca-certificates.crt"
    assert bundle.read_bytes().count(b"BEGIN CERTIFICATE") > 50
    bootstrap = (root / "var/task/bootstrap").read_text().replace("exec ", 'echo "$SSL_CERT_FILE" ')
    done = subprocess.run(
        ["/bin/sh", "-s"], input=bootstrap, env={"LAMBDA_TASK_ROOT": str(root / "var/task")}, capture_output=True, text=True
    )
    assert done.stdout.split()[0] == str(bundle), done


def test_config_in_the_zip_is_used(root):
    config = root / "var/task/rtloader.toml"
    config.write_text("[nonsense]\n")
    try:
        done = alone(root, "sync")
        assert done.returncode == 2 and "rtloader.toml:1" in done.stderr, done.stderr
    finally:
        config.unlink()

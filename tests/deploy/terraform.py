"""Runs terraform on copies of deploy/terraform, without a network: the provider comes from a folder, and the one question a
plan asks AWS (whose account is this?) is answered here."""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import threading

MODULE = pathlib.Path(__file__).resolve().parents[2] / "deploy/terraform"
PLUGINS = pathlib.Path(os.environ.get("TF_PLUGIN_FOLDER", "/opt/tf-plugins"))
ACCOUNT = "123456789012"
REGION = "eu-west-1"
PROVIDER = "registry.terraform.io/hashicorp/aws"


def missing():
    """Why terraform cannot be run here; None when it can."""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    if not (PLUGINS / PROVIDER).is_dir():
        return f"no AWS provider below {PLUGINS} (TF_PLUGIN_FOLDER)"
    return None


def run(folder, *arguments, check=True):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    environment |= {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(
        ["terraform", f"-chdir={folder}", *arguments], env=environment, capture_output=True, text=True, timeout=300
    )
    assert not check or done.returncode == 0, f"terraform {arguments[0]}:\n{done.stdout}\n{done.stderr}"
    return done


def initialised(folder):
    run(folder, "init", "-backend=false", "-no-color", f"-plugin-dir={PLUGINS}")
    return folder


def copy(to):
    shutil.copytree(MODULE, to, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    return to


class _WhoAmI(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = (
            '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
            f"<Arn>arn:aws:iam::{ACCOUNT}:user/test</Arn><UserId>AIDATEST</UserId><Account>{ACCOUNT}</Account>"
            "</GetCallerIdentityResult></GetCallerIdentityResponse>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def account():
    """The provider configuration for an account that exists only here."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _WhoAmI) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"""
provider "aws" {{
  region                      = "{REGION}"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {{
    sts = "http://127.0.0.1:{server.server_port}"
  }}
}}
"""
        server.shutdown()


def plan(folder, variables):
    """What `variables` would make: address → planned values. JSON texts in them are left as they are."""
    arguments = []
    for name, value in variables.items():
        arguments += ["-var", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    run(folder, "plan", "-no-color", "-input=false", "-lock=false", "-out=made", *arguments)
    shown = json.loads(run(folder, "show", "-json", "made").stdout)
    modules = [shown["planned_values"]["root_module"]]
    modules += modules[0].get("child_modules", [])
    outputs = {name: o.get("value") for name, o in shown["planned_values"].get("outputs", {}).items()}
    return {r["address"]: r["values"] for m in modules for r in m.get("resources", [])}, outputs

#!/usr/bin/env python3
"""make_aws_schema.py PLUGIN_FOLDER > aws_schema.json

The names that deploy/terraform may use: for each resource type and data source in it, which arguments there are and which of
them are required, and the same of nested blocks. Taken from `terraform providers schema -json` of the AWS provider in
PLUGIN_FOLDER; names and flags only, no text of the provider. Run it again when a new type is used or a newer provider is wanted."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

MODULE = pathlib.Path(__file__).resolve().parents[2] / "deploy/terraform"
PROVIDER = "registry.terraform.io/hashicorp/aws"
CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""


def used(kind):
    texts = "".join(f.read_text() for f in sorted(MODULE.rglob("*.tf")))
    return sorted(set(re.findall(rf'^{kind} "(aws_\w+)"', texts, re.MULTILINE)))


def reduced(block):
    flag = lambda a: "required" if a.get("required") else "optional" if a.get("optional") else "computed"  # noqa: E731
    blocks = {
        name: {"required": kind.get("min_items", 0) > 0, **reduced(kind["block"])}
        for name, kind in block.get("block_types", {}).items()
    }
    return {"arguments": {name: flag(a) for name, a in block.get("attributes", {}).items()}, "blocks": blocks}


def main():
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "main.tf").write_text(CONFIGURATION)
        terraform = ["terraform", f"-chdir={folder}"]
        subprocess.run([*terraform, "init", "-backend=false", f"-plugin-dir={sys.argv[1]}"], check=True, stdout=subprocess.DEVNULL)
        shown = subprocess.run([*terraform, "providers", "schema", "-json"], check=True, capture_output=True)
    schema = json.loads(shown.stdout)["provider_schemas"][PROVIDER]
    facts = {
        "resource": {name: reduced(schema["resource_schemas"][name]["block"]) for name in used("resource")},
        "data": {name: reduced(schema["data_source_schemas"][name]["block"]) for name in used("data")},
    }
    json.dump(facts, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()

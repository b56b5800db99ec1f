"""deploy/terraform without terraform: arguments and blocks are those of aws_schema.json, references lead somewhere, and IAM
actions are spelled as in the list below."""

import functools
import json
import pathlib
import re
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import parsers

pytestmark = pytest.mark.skipif(parsers.unavailable() is not None, reason=str(parsers.unavailable()))

MODULE = HERE.parents[1] / "deploy/terraform"
SCHEMA = json.loads((HERE / "aws_schema.json").read_text())
META = {"count", "for_each", "depends_on", "lifecycle", "provider", "__is_block__", "__comments__", "__inline_comments__"}

# Of the service authorization reference, those a loader has to do with.
ACTIONS = {
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetBucketNotification",
    "s3:GetBucketVersioning",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "sqs:*",  # only denied
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "sts:AssumeRole",
    "sts:AssumeRoleWithWebIdentity",
    "sts:TagSession",
}
EVENTS = {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}
CONDITION_KEYS = {"s3:prefix", "s3:if-none-match", "s3:ObjectCreationOperation"}


def folders():
    return [MODULE, *sorted(p for p in (MODULE / "examples").iterdir() if p.is_dir())]


@functools.cache
def parsed(folder):
    """Kind of block → [(labels, body)]."""
    blocks = {}

    def descend(kind, labels, value):
        if isinstance(value, dict) and not value.get("__is_block__"):
            for label, inner in value.items():
                descend(kind, [*labels, label.strip('"')], inner)
        elif isinstance(value, dict):
            blocks.setdefault(kind, []).append((labels, value))

    for file in parsers.hcl(sorted(folder.glob("*.tf"))):
        for kind, values in file.items():
            for value in values if isinstance(values, list) else []:
                descend(kind, [], value)
    return blocks


def check_body(where, body, schema):
    wrong, given = [], set()
    for name, value in body.items():
        if name in META and name not in schema["arguments"]:
            continue
        if name == "dynamic":
            for dynamic in value:
                for block, inner in dynamic.items():
                    block = block.strip('"')
                    given.add(block)
                    if block not in schema["blocks"]:
                        wrong.append(f"{where}: no block {block}")
                        continue
                    for content in inner["content"]:
                        wrong += check_body(f"{where}.{block}", content, schema["blocks"][block])
            continue
        given.add(name)
        if name in schema["blocks"]:
            for inner in value:
                wrong += check_body(f"{where}.{name}", inner, schema["blocks"][name])
        elif schema["arguments"].get(name) not in ("required", "optional"):
            wrong.append(f"{where}: no argument {name}")
    required = {n for n, flag in schema["arguments"].items() if flag == "required"}
    required |= {n for n, block in schema["blocks"].items() if block["required"]}
    return wrong + [f"{where}: {name} is required" for name in sorted(required - given)]


def text_of(folder):
    lines = "".join(f.read_text() for f in sorted(folder.glob("*.tf"))).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


@pytest.mark.parametrize("folder", folders(), ids=lambda f: f.name)
def test_arguments_are_the_providers(folder):
    blocks = parsed(folder)
    assert blocks.get("variable"), "something was read"
    wrong = []
    for kind in ("resource", "data"):
        for (type_name, name), body in blocks.get(kind, []):
            assert type_name in SCHEMA[kind], f"{type_name}: run make_aws_schema.py"
            wrong += check_body(f"{type_name}.{name}", body, SCHEMA[kind][type_name])
    assert wrong == []


def test_a_wrong_argument_is_found():
    schema = SCHEMA["resource"]["aws_lambda_event_source_mapping"]
    body = {"function_name": "f", "batchsize": 1, "scaling_config": [{"maximum": 2}], "lifecycle": []}
    assert check_body("x", body, schema) == ["x: no argument batchsize", "x.scaling_config: no argument maximum"]
    assert check_body("x", {}, schema) == ["x: function_name is required"]


@pytest.mark.parametrize("folder", folders(), ids=lambda f: f.name)
def test_references_lead_somewhere(folder):
    blocks, text = parsed(folder), text_of(folder)
    there = {f"var.{labels[0]}" for labels, _ in blocks.get("variable", [])}
    there |= {f"local.{name}" for _, body in blocks.get("locals", []) for name in body if name not in META}
    there |= {".".join(labels) for labels, _ in blocks.get("resource", [])}
    there |= {"data." + ".".join(labels) for labels, _ in blocks.get("data", [])}
    meant = set(re.findall(r"\b(?:var|local)\.\w+", text)) | set(re.findall(r"\bdata\.aws_\w+\.\w+", text))
    meant |= set(re.findall(r"(?<![\w.\"])aws_\w+\.\w+", text))
    assert meant - there == set()
    unused = {name for name in there if name.startswith(("var.", "local.", "data.")) and name not in meant}
    assert unused == set()


@pytest.mark.parametrize("folder", folders()[1:], ids=lambda f: f.name)
def test_examples_call_the_module_as_it_is(folder):
    module = parsed(MODULE)
    variables = {labels[0]: body for labels, body in module["variable"]}
    outputs = {labels[0] for labels, _ in module["output"]}
    ((_, call),) = parsed(folder)["module"]
    given = set(call) - {"source"} - META
    assert given <= set(variables)
    assert {name for name, body in variables.items() if "default" not in body} <= given
    assert set(re.findall(r"module\.rtloader\.(\w+)", text_of(folder))) <= outputs


def test_every_variable_and_output_is_described():
    blocks = parsed(MODULE)
    for kind in ("variable", "output"):
        assert [labels[0] for labels, body in blocks[kind] if not body.get("description")] == []


def test_actions_are_spelled_right():
    named = set(re.findall(r'"((?:s3|sqs|kms|logs|sts|iam|lambda|events):[\w:*-]+)"', text_of(MODULE)))
    assert named - EVENTS - CONDITION_KEYS - ACTIONS == set()
    assert {"s3:GetObject", "s3:PutObject", "sqs:ReceiveMessage"} <= named

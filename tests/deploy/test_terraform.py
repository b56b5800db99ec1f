"""deploy/terraform through terraform itself: valid, formatted, and what a plan would give to whom."""

import fnmatch
import functools
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import terraform

pytestmark = pytest.mark.skipif(terraform.missing() is not None, reason=str(terraform.missing()))

BUCKETS = {
    "source_bucket": "customers-in",
    "source_prefix": "customers/",
    "tables_bucket": "lake",
    "tables_prefix": "tables/",
}
SOURCE = "arn:aws:s3:::customers-in"
TABLES = "arn:aws:s3:::lake"
QUEUE = f"arn:aws:sqs:{terraform.REGION}:{terraform.ACCOUNT}:rtloader-events"


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    folder = terraform.copy(tmp_path_factory.mktemp("terraform") / "module")
    with terraform.account() as provider:
        (folder / "provider.tf").write_text(provider)
        yield terraform.initialised(folder)


TOPIC = f"arn:aws:sns:{terraform.REGION}:{terraform.ACCOUNT}:ops"
OIDC = "oidc.eks.eu-west-1.amazonaws.com/id/AB12"
KEYS = {f"{side}_kms_key_arn": f"arn:aws:kms:eu-west-1:1:key/{side}" for side in ("source", "tables", "queue")}
OTHER = {"Sid": "Mine", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": TABLES}

# A plan takes seconds: few, each with much in it.
PLANS = {
    "service": {"service_runs_on": "ec2"},
    "everything": KEYS
    | {
        "service_runs_on": "irsa",
        "oidc_provider_arn": f"arn:aws:iam::{terraform.ACCOUNT}:oidc-provider/{OIDC}",
        "history": "all",
        "eventbridge": True,
        "manage_tables_bucket_policy": True,
        "other_bucket_policy_statements": [json.dumps(OTHER)],
        "alarm_topic_arns": [TOPIC],
    },
    "lambda": {
        "mode": "lambda",
        "architecture": "arm64",
        "timeout_seconds": 100,
        "options": {"rows.schema": "wid STRING", "guard.max_rejected": "0.1"},
    },
}


@pytest.fixture(scope="module")
def planned(module, tmp_path_factory):
    package = tmp_path_factory.mktemp("package") / "rtloader.zip"
    package.write_bytes(b"PK\x05\x06" + bytes(18))

    @functools.cache
    def plan(name):
        variables = BUCKETS | PLANS[name]
        if name == "lambda":
            variables["package_file"] = str(package)
        return terraform.plan(module, variables)

    return plan


def statements(text):
    return {s["Sid"]: s for s in json.loads(text)["Statement"]}


def loader_policy(resources):
    return statements(resources["aws_iam_policy.loader"]["policy"])


def allowed(policy, action, resource):
    """Whether some statement allows it; conditions are not looked at."""
    for statement in policy.values():
        matches = any(fnmatch.fnmatchcase(action, a) for a in statement["Action"])
        if matches and any(fnmatch.fnmatchcase(resource, r) for r in statement["Resource"]):
            return True
    return False


def test_is_formatted():
    terraform.run(terraform.MODULE, "fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("example", ["service", "lambda"])
def test_examples_are_valid(tmp_path, example):
    folder = terraform.copy(tmp_path / "module") / "examples" / example
    terraform.initialised(folder)
    answer = json.loads(terraform.run(folder, "validate", "-json").stdout)
    assert answer["valid"] and answer["diagnostics"] == []


def test_a_service_has_a_queue_and_the_rights_it_needs(planned):
    made, _ = planned("service")
    assert not any("lambda" in address for address in made)
    policy = loader_policy(made)
    for action in ("s3:GetObject", "s3:GetObjectVersion"):
        assert allowed(policy, action, f"{SOURCE}/customers/id-1.txt")
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"):
        assert allowed(policy, action, f"{TABLES}/tables/customer_data_raw/_delta_log/{0:020}.json")
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"):
        assert allowed(policy, action, QUEUE)
    assert allowed(policy, "s3:ListBucket", SOURCE) and allowed(policy, "s3:ListBucket", TABLES)
    trust = json.loads(made["aws_iam_role.service[0]"]["assume_role_policy"])["Statement"]
    assert [s["Principal"] for s in trust] == [{"Service": "ec2.amazonaws.com"}]


def test_rights_end_at_the_prefixes(planned):
    made, _ = planned("service")
    policy = loader_policy(made)
    assert not allowed(policy, "s3:PutObject", f"{SOURCE}/customers/id-1.txt"), "the source is never written"
    assert not allowed(policy, "s3:DeleteObject", f"{SOURCE}/customers/id-1.txt")
    assert not allowed(policy, "s3:GetObject", f"{SOURCE}/others/x")
    assert not allowed(policy, "s3:PutObject", f"{TABLES}/elsewhere/x")
    assert not allowed(policy, "s3:ListBucketVersions", SOURCE), "only history = all lists versions"
    for name, prefix in (("ListSource", "customers/*"), ("ListTables", "tables/*")):
        assert policy[name]["Condition"] == {"StringLikeIfExists": {"s3:prefix": [prefix]}}
    for statement in policy.values():
        assert "*" not in statement["Resource"] and not any(a.endswith("*") for a in statement["Action"])


def test_keys_and_history_add_just_their_rights(planned):
    made, _ = planned("everything")
    policy = loader_policy(made)
    assert "s3:ListBucketVersions" in policy["ListSource"]["Action"]
    assert policy["DecryptSource"]["Action"] == ["kms:Decrypt"]
    assert sorted(policy["EncryptTables"]["Action"]) == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert policy["DecryptEvents"]["Resource"] == [KEYS["queue_kms_key_arn"]]
    assert made["aws_sqs_queue.events"]["kms_master_key_id"] == KEYS["queue_kms_key_arn"]


def test_only_this_bucket_may_send(planned):
    made, _ = planned("service")
    policy = statements(made["aws_sqs_queue_policy.events"]["policy"])
    send = policy["EventsOfTheSource"]
    assert send["Principal"] == {"Service": "s3.amazonaws.com"} and send["Action"] == "sqs:SendMessage"
    assert send["Condition"] == {
        "ArnEquals": {"aws:SourceArn": SOURCE},
        "StringEquals": {"aws:SourceAccount": terraform.ACCOUNT},
    }
    notification = made["aws_s3_bucket_notification.source[0]"]
    assert not notification["eventbridge"]
    assert [(q["filter_prefix"], sorted(q["events"])) for q in notification["queue"]] == [
        ("customers/", ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
    ]


def test_over_eventbridge_only_the_rule_may_send(planned):
    made, _ = planned("everything")
    send = statements(made["aws_sqs_queue_policy.events"]["policy"])["EventsOfTheSource"]
    rule = f"arn:aws:events:{terraform.REGION}:{terraform.ACCOUNT}:rule/rtloader-source"
    assert send["Principal"] == {"Service": "events.amazonaws.com"}
    assert send["Condition"]["ArnEquals"] == {"aws:SourceArn": rule}
    notification = made["aws_s3_bucket_notification.source[0]"]
    assert notification["eventbridge"] and not notification["queue"]
    pattern = json.loads(made["aws_cloudwatch_event_rule.source[0]"]["event_pattern"])
    assert pattern["source"] == ["aws.s3"] and pattern["detail-type"] == ["Object Created", "Object Deleted"]
    assert pattern["detail"] == {"bucket": {"name": ["customers-in"]}, "object": {"key": [{"prefix": "customers/"}]}}


def test_a_function_reports_partial_batches_and_has_time(planned):
    made, _ = planned("lambda")
    function = made["aws_lambda_function.loader[0]"]
    assert (function["runtime"], function["architectures"]) == ("provided.al2023", ["arm64"])
    variables = function["environment"][0]["variables"]
    assert variables["RTLOADER_SOURCE_PATH"] == "s3://customers-in/customers/"
    assert variables["RTLOADER_TABLES_ROOT"] == "s3://lake/tables/"
    assert (variables["RTLOADER_ROWS_SCHEMA"], variables["RTLOADER_GUARD_MAX_REJECTED"]) == ("wid STRING", "0.1")
    mapping = made["aws_lambda_event_source_mapping.events[0]"]
    assert mapping["function_response_types"] == ["ReportBatchItemFailures"]
    assert mapping["scaling_config"] == [{"maximum_concurrency": 4}]
    assert made["aws_sqs_queue.events"]["visibility_timeout_seconds"] == 600
    log = statements(made["aws_iam_role_policy.log[0]"]["policy"])["WriteLog"]
    assert log["Resource"] == [f"arn:aws:logs:{terraform.REGION}:{terraform.ACCOUNT}:log-group:/aws/lambda/rtloader:*"]
    assert "aws_iam_role.service[0]" not in made


def refusal(module, variables):
    arguments = [f"-var={k}={v}" for k, v in (BUCKETS | variables).items()]
    done = terraform.run(module, "plan", "-no-color", "-input=false", "-lock=false", *arguments, check=False)
    assert done.returncode != 0
    return " ".join(done.stderr.replace("│", " ").split())


def test_what_cannot_work_is_refused_with_the_reason(module):
    said = refusal(
        module, {"source_prefix": "customers", "tables_prefix": "/tables/", "mode": "cron", "history": "some"}
    )
    for part in ("source_prefix is empty, or ends", "tables_prefix is empty, or ends", "mode is", "history is"):
        assert part in said
    assert "package_file or image_uri" in refusal(module, {"mode": "lambda"})


def test_irsa_trusts_one_service_account(planned):
    made, _ = planned("everything")
    (trust,) = json.loads(made["aws_iam_role.service[0]"]["assume_role_policy"])["Statement"]
    assert trust["Condition"]["StringEquals"] == {
        f"{OIDC}:sub": "system:serviceaccount:default:rtloader",
        f"{OIDC}:aud": "sts.amazonaws.com",
    }


def test_commits_and_nothing_else_must_be_conditional(planned):
    made, outputs = planned("everything")
    policy = statements(made["aws_s3_bucket_policy.tables[0]"]["policy"])
    assert set(policy) == {"CommitsAreNeverOverwritten", "Mine"}
    deny = policy["CommitsAreNeverOverwritten"]
    assert deny == json.loads(outputs["conditional_commits_statement"])
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:PutObject")
    assert deny["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }
    log = f"{TABLES}/tables/customer_data_snapshot/_delta_log/"
    matched = lambda name: fnmatch.fnmatchcase(log + name, deny["Resource"])  # noqa: E731
    assert matched(f"{7:020}.json") and matched(f"{10**19:020}.json")
    for name in (
        "_last_checkpoint",
        f"{7:020}.crc",
        f"{7:020}.checkpoint.parquet",
        f"{7:020}.checkpoint.{1:010}.{2:010}.parquet",
        f"{7:020}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json",
        f"{1:020}.{7:020}.compacted.json",
        "_sidecars/016ae953-37a9-438e-8683-9a9a4a79a395.parquet",
        f"_commits/{7:020}.80a083e8-7026-4e79-81be-64bd76c43a11.json",
    ):
        assert not matched(name), name
    assert not fnmatch.fnmatchcase(f"{TABLES}/tables/customer_data_raw/ab/{7:020}.json", deny["Resource"])


def test_no_bucket_policy_unless_asked(planned):
    made, _ = planned("service")
    assert not any(address.startswith("aws_s3_bucket_policy") for address in made)


def test_alarms_when_there_is_somebody_to_tell(planned):
    made, _ = planned("everything")
    alarms = {a: v for a, v in made.items() if a.startswith("aws_cloudwatch_metric_alarm")}
    assert len(alarms) == 2 and all(v["alarm_actions"] == [TOPIC] for v in alarms.values())

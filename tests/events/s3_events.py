"""S3 notifications as AWS writes them: keys form-encoded, versionId, ETag without quotes, sequencer."""

import hashlib
import json
import urllib.parse
import uuid
from datetime import datetime, timezone


def record(bucket, key, event="ObjectCreated:Put", size=0, etag=None, version=None, sequencer=1, region="us-east-1"):
    item = {"key": urllib.parse.quote_plus(key, safe="/*-._"), "sequencer": f"{sequencer:018X}"}
    if not event.startswith("ObjectRemoved"):
        item |= {"size": size, "eTag": etag or hashlib.md5(key.encode()).hexdigest()}
    if version:
        item["versionId"] = version
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "eventName": event,
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": uuid.uuid4().hex},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "to-the-queue",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "A1"}, "arn": f"arn:aws:s3:::{bucket}"},
            "object": item,
        },
    }


def notification(*records):
    return json.dumps({"Records": records})


def in_sns(body, topic="arn:aws:sns:us-east-1:000000000000:files"):
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": topic,
            "Subject": "Amazon S3 Notification",
            "Message": body,
            "Timestamp": "2026-01-01T00:00:00.000Z",
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-example.pem",
            "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        }
    )


def event_bridge(bucket, key, kind="Object Created", size=0, sequencer=1):
    return json.dumps(
        {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": "aws.s3",
            "account": "000000000000",
            "time": "2026-01-01T00:00:00Z",
            "region": "us-east-1",
            "resources": [f"arn:aws:s3:::{bucket}"],
            "detail": {
                "version": "0",
                "bucket": {"name": bucket},
                "object": {"key": key, "size": size, "etag": "0" * 32, "sequencer": f"{sequencer:018X}"},
                "request-id": "EXAMPLE",
                "requester": "000000000000",
                "source-ip-address": "192.0.2.1",
                "reason": "PutObject" if kind == "Object Created" else "DeleteObject",
            },
        }
    )


TEST_EVENT = json.dumps(
    {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-01-01T00:00:00.000Z", "Bucket": "b", "RequestId": "R",
     "HostId": "H"}
)  # fmt: skip

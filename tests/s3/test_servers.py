"""The servers are what the other suites take them for."""

import servers


def test_s3_keeps_what_it_is_given(bucket):
    names = ["plain.txt", "with space + plus % percent.txt", "ünïcödé/数据.txt", "new\nline.txt"]
    for number, name in enumerate(names):
        (bucket / name).write_text(str(number))
    assert sorted(bucket.objects()) == sorted(names)
    assert [(bucket / name).read_text() for name in names] == ["0", "1", "2", "3"]
    (bucket / names[0]).unlink()
    assert not (bucket / names[0]).exists()
    assert (bucket / names[1]).behind.read_text() == "1"


def test_versioned_bucket_keeps_versions(versioned_bucket):
    path = versioned_bucket / "x.txt"
    written = [path.write_text(str(n))["VersionId"] for n in range(3)]
    answer = path.client.list_object_versions(Bucket=path.bucket)
    assert [v["VersionId"] for v in answer["Versions"]] == written[::-1]


def test_queues(sqs_server, moto_server):
    for server in (sqs_server, moto_server):
        sqs = servers.client("sqs", server.url)
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="x")
        assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"][0]["Body"] == "x"


def test_stopping(s3_server):
    with servers.s3_server() as other:
        assert servers.answers(other.url) and other.port != s3_server.port
    assert not servers.answers(other.url)

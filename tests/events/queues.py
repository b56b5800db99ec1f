"""Queues of the test servers."""

import time
import uuid

import servers


class Queue:
    def __init__(self, server, name=None, **attributes):
        self.client = servers.client("sqs", server.url)
        self.url = self.client.create_queue(QueueName=name or f"q-{uuid.uuid4().hex[:12]}", Attributes=attributes)["QueueUrl"]
        self.arn = self.attributes()["QueueArn"]

    def attributes(self):
        return self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]

    def send(self, *bodies):
        for start in range(0, len(bodies), 10):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
            assert not self.client.send_message_batch(QueueUrl=self.url, Entries=entries).get("Failed")

    def left(self):
        """Messages that wait or are given out and not yet deleted."""
        seen = self.attributes()
        return int(seen["ApproximateNumberOfMessages"]) + int(seen["ApproximateNumberOfMessagesNotVisible"])

    def receive_all(self):
        out = []
        while found := self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            out += found
        return [m["Body"] for m in out]


def quiet(queue, seconds=0.3):
    """Whether the queue stays empty for a moment."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if queue.left():
            return False
        time.sleep(0.05)
    return True

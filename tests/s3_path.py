"""A place in a bucket with as much of pathlib's manners as the tests use: the same test runs on a folder and on S3."""

import pathlib

import servers

NAME_BYTES = 200


def can_hold(name):
    """versitygw keeps keys as paths, cannot overwrite a name as long as the disk allows, and lists control characters as U+FFFD."""
    parts = name.encode().split(b"/")
    return all(len(part) <= NAME_BYTES for part in parts) and not any(c < " " and c not in "\t\r\n" for c in name)


class S3Path:
    def __init__(self, server, bucket, key=""):
        self.server, self.bucket, self.key = server, bucket, key

    @property
    def client(self):
        return servers.client("s3", self.server.url)

    def __truediv__(self, name):
        return S3Path(self.server, self.bucket, f"{self.key}/{name}" if self.key else str(name))

    def __fspath__(self):
        return f"s3://{self.bucket}/{self.key}"

    def __str__(self):
        return self.__fspath__()

    __repr__ = __str__

    @property
    def name(self):
        return self.key.rpartition("/")[2]

    @property
    def parent(self):
        return S3Path(self.server, self.bucket, self.key.rpartition("/")[0])

    @property
    def behind(self):
        """Where the server keeps it: for readers that know no S3."""
        return pathlib.Path(self.server.root, self.bucket, self.key)

    def write_bytes(self, data):
        return self.client.put_object(Bucket=self.bucket, Key=self.key, Body=data)

    def write_text(self, text):
        return self.write_bytes(text.encode())

    def read_bytes(self):
        return self.client.get_object(Bucket=self.bucket, Key=self.key)["Body"].read()

    def read_text(self):
        return self.read_bytes().decode()

    def unlink(self, missing_ok=True):  # S3 does not tell
        return self.client.delete_object(Bucket=self.bucket, Key=self.key)

    def touch(self):
        """The same bytes once more: another LastModified."""
        self.write_bytes(self.read_bytes())

    def mkdir(self, parents=False, exist_ok=False):
        """There are no folders."""

    def exists(self):
        try:
            self.client.head_object(Bucket=self.bucket, Key=self.key)
        except self.client.exceptions.ClientError as e:
            if e.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def objects(self):
        """Keys below, relative to this place."""
        prefix = f"{self.key}/" if self.key else ""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [o["Key"][len(prefix) :] for page in pages for o in page.get("Contents", [])]

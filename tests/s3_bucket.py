"""A bucket on a real S3 server (moto) on loopback, with the fault proxy before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from collectors.exports import Exports
from tests.fault_proxy import Answer, FaultProxy, fault_proxy

NAME = "acme-billing"
PREFIX = "focus/export"


@dataclass(frozen=True)
class Bucket:
    """``client`` speaks to the server itself, what costwatch asks goes through ``proxy``."""

    client: Any
    proxy: FaultProxy

    def put(self, key: str, content: bytes, **settings: str) -> None:
        self.client.put_object(Bucket=NAME, Key=f"{PREFIX}/{key}", Body=content, **settings)

    def upload(self, root: Path) -> None:
        """All files below ``root``, the manifests last."""
        files = [path for path in root.rglob("*") if path.is_file()]
        for path in sorted(files, key=lambda path: (path.name.endswith("Manifest.json"), path)):
            self.put(path.relative_to(root).as_posix(), path.read_bytes())

    def source(self, prefix: str = f"/{PREFIX}", **settings: str) -> Exports:
        return Exports(name="aws", location=f"s3://{NAME}{prefix}", **settings)


@contextmanager
def s3_server() -> Iterator[str]:
    """The URL of a server that runs until the block ends."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def s3_bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, which the environment's AWS settings lead to until the block ends."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    # Without checksums beside the files: many buckets have none.
    client = boto3.client(
        "s3", endpoint_url=server, config=Config(request_checksum_calculation="when_required")
    )
    client.create_bucket(Bucket=NAME)
    with fault_proxy(server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield Bucket(client, proxy)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=NAME):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=NAME, Key=item["Key"])
    client.delete_bucket(Bucket=NAME)
    client.close()


def refusal(status: int, code: str) -> Answer:
    """What S3 answers with an error code."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})

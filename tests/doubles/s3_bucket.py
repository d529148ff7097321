"""A bucket on a real S3 server (moto) on loopback, with the fault proxy before it."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from collectors.exports import Exports
from tests.doubles.fault_proxy import Answer, FaultProxy, fault_proxy
from tests.made.bills import Line, write_delivery

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

    def deliver(self, root: Path, *months: Sequence[Line]) -> None:
        """Each month's lines as AWS delivers them, a part for each line; ``root`` holds what is delivered."""
        for lines in months:
            write_delivery(root, lines[0]["BillingPeriodStart"][:7], lines, parts=len(lines))
        self.upload(root)

    def source(self, prefix: str = f"/{PREFIX}", **settings: str) -> Exports:
        return Exports(name="aws", location=f"s3://{NAME}{prefix}", **settings)


@dataclass(frozen=True)
class S3Server:
    """``client`` speaks to it directly."""

    url: str
    session: boto3.Session
    client: Any

    def lend_session(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let sources use the one session: what botocore reads for each takes longer than a test."""
        monkeypatch.setattr("collectors.aws.places.session", lambda *_, **__: self.session)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server that runs until the block ends."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        # Without checksums beside the files: many buckets have none.
        config = Config(request_checksum_calculation="when_required")
        session = boto3.Session("test", "test", region_name="us-east-1")
        with closing(session.client("s3", endpoint_url=url, config=config)) as client:
            yield S3Server(url, session, client)
    finally:
        server.stop()


@contextmanager
def s3_bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, which the environment's AWS settings lead to until the block ends."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    server.client.create_bucket(Bucket=NAME)
    try:
        with fault_proxy(server.url) as proxy:
            monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
            yield Bucket(server.client, proxy)
    finally:
        urlopen(Request(f"{server.url}/moto-api/reset", method="POST")).close()


def flipped(content: bytes) -> bytes:
    """With another bit in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


def refusal(status: int, code: str) -> Answer:
    """What S3 answers with an error code."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})

"""A bucket on a server that answers at once, for tests of what goes wrong with it."""

from collections.abc import Iterator

import pytest

from tests.doubles.s3_bucket import Bucket, S3Server, s3_bucket, s3_server


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    server.lend_session(monkeypatch)
    monkeypatch.setattr("collectors.aws.places._PAUSE_SECONDS", {"wait_initial": 0, "wait_jitter": 0})
    with s3_bucket(server, monkeypatch) as made:
        yield made

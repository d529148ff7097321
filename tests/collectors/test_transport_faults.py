"""Files whose way here goes wrong: a real S3 server behind a proxy that breaks, slows and refuses."""

from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.retries.standard import ExponentialBackoff, RetryContext

from costwatch.model import Export, Window
from tests.doubles.fault_proxy import Answer, Change, Drip, Fault, Reset, Stall, Truncate
from tests.doubles.s3_bucket import Bucket, flipped, refusal
from tests.made.bills import of_month

OCTOBER = [of_month("2026-10", BilledCost="1")] * 2
PART = "data/BILLING_PERIOD=2026-10/export-00002.snappy.parquet"
GET_PART = "GET .*2026-10/export-00002"
LIST = r"list-type=2.*export%2F(&|$)"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long botocore would have waited before each further attempt."""
    told: list[float] = []
    amount = ExponentialBackoff.delay_amount

    def note(backoff: ExponentialBackoff, context: RetryContext) -> float:
        told.append(amount(backoff, context))
        return 0

    monkeypatch.setattr(ExponentialBackoff, "delay_amount", note)
    return told


def october_part(bucket: Bucket, root: Path) -> tuple[bytes, bytes]:
    """The second part of October as it was delivered, and as it came."""
    bucket.deliver(root, OCTOBER)
    bucket.proxy.requests.clear()
    batches = bucket.source().collect(Window.of_days(date(2026, 10, 1), date(2026, 10, 2)))
    with closing(cast(Any, batches)):
        export = next(batches).read()
        assert isinstance(export, Export)
        return (root / PART).read_bytes(), export.files[1].path.read_bytes()


PASSES: dict[str, Fault] = {
    "a connection reset before the server is asked": Reset(),
    "a connection reset after the server was asked": Reset(after_forwarding=True),
    "a body that ends early": Truncate(700),
    "a body that never begins": Truncate(0),
    "a body that is shorter and says so": Change(lambda body: body[:-1]),
    "a body with a flipped bit": Change(flipped),
    "a server in trouble": Answer(500),
    "throttling": refusal(503, "SlowDown"),
    "throttling by status": Answer(429),
}


@pytest.mark.parametrize("fault", PASSES.values(), ids=PASSES)
def test_a_part_comes_whole_in_spite_of(
    fault: Fault, bucket: Bucket, tmp_path: Path, waits: list[float]
) -> None:
    bucket.proxy.plan(GET_PART, fault, times=3)
    delivered, came = october_part(bucket, tmp_path)
    assert came == delivered
    assert bucket.proxy.count(GET_PART) == 4


@pytest.mark.parametrize("fault", [Truncate(100), Reset(), Answer(500)], ids=["cut", "reset", "refused"])
def test_a_listing_comes_whole_although_it_is(
    fault: Fault, bucket: Bucket, tmp_path: Path, waits: list[float]
) -> None:
    bucket.proxy.plan(LIST, fault, times=3)
    delivered, came = october_part(bucket, tmp_path)
    assert came == delivered
    assert bucket.proxy.count(LIST) == 4


def test_a_body_that_comes_slowly_is_given_up_and_brought_again(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.aws.places._PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("collectors.aws.places._SLOWEST_BYTES_PER_SECOND", 1 << 20)
    monkeypatch.setattr("collectors.aws.places._CHUNK_BYTES", 50)
    bucket.proxy.plan(GET_PART, Drip(50, 0.02), times=2)
    delivered, came = october_part(bucket, tmp_path)
    assert came == delivered
    assert bucket.proxy.count(GET_PART) == 3


@pytest.mark.parametrize("fault", [Drip(500, 1), Stall(1)], ids=["in the middle", "before it begins"])
def test_a_body_that_stops_coming_is_given_up_and_brought_again(
    fault: Fault, bucket: Bucket, tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.aws.session._READ_TIMEOUT_SECONDS", 0.2)
    bucket.proxy.plan(GET_PART, fault, times=1)
    delivered, came = october_part(bucket, tmp_path)
    assert came == delivered
    assert bucket.proxy.count(GET_PART) == 2


def test_throttling_is_answered_by_waiting_longer_each_time_and_never_the_same(
    bucket: Bucket, tmp_path: Path, waits: list[float]
) -> None:
    bucket.proxy.plan(LIST, refusal(503, "SlowDown"), times=4)
    october_part(bucket, tmp_path)
    bucket.proxy.plan(LIST, refusal(503, "SlowDown"), times=4)
    october_part(bucket, tmp_path)
    assert all(0 < wait < 2 ** (attempt % 4) for attempt, wait in enumerate(waits))
    assert len(set(waits)) == 8


def test_pauses_before_a_broken_body_is_brought_again_are_not_even(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    pauses = {"wait_initial": 1, "wait_max": 10, "wait_jitter": 1, "wait_exp_base": 4}
    monkeypatch.setattr("collectors.aws.places._PAUSE_SECONDS", pauses)
    monkeypatch.setattr("collectors.aws.places.time.sleep", slept.append)
    bucket.proxy.plan(GET_PART, Truncate(700), times=3)
    october_part(bucket, tmp_path)
    assert slept != [1, 4, 10]
    assert all(least <= wait <= least + 1 for wait, least in zip(slept, (1, 4, 10), strict=True))

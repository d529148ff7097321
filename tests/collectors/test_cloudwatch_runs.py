"""CloudWatch run after run: what is asked again, what that costs, what goes wrong, and what stays."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from collectors.cloudwatch import metrics
from costwatch.model import Window
from tests.doubles.cloudwatch import CloudWatchDouble
from tests.made import killed_watch
from tests.made.company import Company
from tests.made.cost_explorer_company import spent
from tests.made.kafka_metrics import (
    BYTES,
    DAY,
    FIRST,
    MESSAGES,
    TOPICS,
    datum,
    hours,
    kafka,
    watched,
    watching,
)

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)
BOTH = {"measures": [BYTES, MESSAGES]}
LISTED, METRICS = 1, 2 * len(TOPICS) + 1  # requests that list them, and metrics of both measures


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long botocore waited, without waiting."""
    seconds: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=seconds.append))
    return seconds


@pytest.fixture
def filled(cloudwatch: CloudWatchDouble) -> CloudWatchDouble:
    """With values of every sixth hour: so many are listed in one page."""
    cloudwatch.put(*kafka([at for at in hours() if at.hour % 6 == 0]))
    return cloudwatch


@pytest.fixture
def company(tmp_path: Path, filled: CloudWatchDouble) -> Company:
    return watched(tmp_path, **BOTH)


@pytest.fixture
def one_day_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_MOST_DATAPOINTS", 24 * 2 * len(TOPICS))


def stored(company: Company, measure: str = "messages") -> dict[str, float | None]:
    """Day -> the sum of its values."""
    with company.warehouse.read() as db:
        return {
            str(row["day"]): row["value"]
            for row in db.execute(
                "SELECT day, SUM(value) AS value FROM x_measure_days WHERE measure = ? GROUP BY day",
                (measure,),
            )
        }


def test_what_is_unchanged_is_not_stored_anew_and_late_values_are(
    company: Company, filled: CloudWatchDouble
) -> None:
    (first,) = company.collect(NOON)
    assert (first.error, first.partial_count) == ("", 1)
    assert stored(company) == {"20261118": 28, "20261119": 28, "20261120": 28, "20261121": None}
    (soon,) = company.collect(NOON + timedelta(hours=5))
    assert (soon.outcome, spent(company)) == ("unchanged", {20261121: (3, 10_000 * (LISTED + METRICS))})
    filled.put(datum("Messages", DAY.start + timedelta(hours=23), 5, Cluster_Name="prod"))  # late
    filled.put(datum("Messages", DAY.end + timedelta(hours=1), 6, Cluster_Name="prod"))
    company.collect(NOON + timedelta(hours=6))
    assert stored(company)["20261121"] == 6
    company.collect(DAY.end + timedelta(hours=19))
    (again,) = company.collect(NOON + timedelta(days=1))
    assert (again.error, again.rows["measure_days"]) == ("", 2 + 2)
    assert stored(company)["20261120"] == 28  # too late by now, unless somebody asks for it
    (named,) = company.collect(NOON + timedelta(days=1), DAY)
    assert (named.rows, stored(company)["20261120"]) == ({"measure_days": len(TOPICS) + 1}, 33)


# --- what it costs -------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_day_at_a_time")
def test_it_stops_at_its_budget_and_goes_on_the_next_day(tmp_path: Path, filled: CloudWatchDouble) -> None:
    company = watched(tmp_path, **BOTH, daily_budget="0.00022")  # a list, and three days
    (stopped,) = company.collect(NOON)
    assert stopped.error == (
        "msk: has spent $0.00022 of its daily_budget of $0.00022; raise it, or wait until tomorrow (UTC)"
    )
    assert list(stored(company)) == ["20261118", "20261119", "20261120"]
    asked = len(filled.requests)
    (still,) = company.collect(NOON + timedelta(hours=8))
    assert (still.outcome, len(filled.requests)) == ("failed", asked)
    (done,) = company.collect(NOON + timedelta(days=1))
    assert (done.error, spent(company)) == ("", dict.fromkeys((20261121, 20261122), (7, 220000)))
    assert list(stored(company)) == [f"202611{day}" for day in range(18, 23)]


def test_throttling_is_waited_for_and_every_try_is_paid(
    company: Company, filled: CloudWatchDouble, waits: list[float]
) -> None:
    filled.answers = ["Throttling", "serve", "ThrottlingException", "Throttling", "serve"]
    (collected,) = company.collect(NOON)
    assert collected.error == ""
    assert len(waits) == 3
    assert spent(company) == {20261121: (6, 10_000 * (2 * LISTED + 3 * (METRICS - 1) + 1))}


def test_throttling_without_end_is_given_up(
    company: Company, filled: CloudWatchDouble, waits: list[float]
) -> None:
    filled.answers = ["Throttling"] * 50
    (collected,) = company.collect(NOON)
    assert collected.error == "msk: AWS says Throttling; run it again later"
    assert (len(filled.requests), len(waits)) == (5, 4)


def test_a_try_that_the_budget_does_not_hold_is_not_made(
    tmp_path: Path, filled: CloudWatchDouble, waits: list[float]
) -> None:
    filled.answers = ["Throttling"] * 50
    (collected,) = watched(tmp_path, **BOTH, daily_budget="0.00002").collect(NOON)
    assert "has spent $0.00002 of its daily_budget" in collected.error
    assert len(filled.requests) == 2


# --- what is killed ------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_day_at_a_time")
@pytest.mark.parametrize(("where", "times"), [("asking", 3), ("storing", 2)])
def test_killed_and_run_again_nothing_is_lost_or_there_twice(
    where: str, times: int, tmp_path: Path, filled: CloudWatchDouble
) -> None:
    killed = subprocess.run(
        [sys.executable, killed_watch.__file__, tmp_path / "killed", where, str(times)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert killed.returncode == 9
    company, other = watched(tmp_path / "killed", **BOTH), watched(tmp_path / "whole", **BOTH)
    before = spent(company)[20261121][1]
    price = sum(10_000 * len(asked.get("MetricDataQueries", [1])) for _, asked in filled.requests)
    assert price <= before  # what was paid may not have been asked any more
    if where == "storing":
        assert list(stored(company)) == ["20261118", "20261119"]
    assert [collected.error for made in (company, other) for collected in made.collect(NOON)] == ["", ""]
    log = ("collection", "spend", "watermark")
    assert company.hashes(*log) == other.hashes(*log)
    assert stored(company) == {"20261118": 28, "20261119": 28, "20261120": 28, "20261121": None}


# --- what goes wrong -----------------------------------------------------------------------------

INCOMPLETE = {
    "PartialData": "CloudWatch calls its answer PartialData; it is asked again by the next run",
    "InternalError": "CloudWatch calls its answer InternalError; it is asked again by the next run",
    "Forbidden": "CloudWatch calls its answer Forbidden; it is asked again by the next run",
    "message": "CloudWatch says MaxMetricsExceeded of its answer; it is asked again by the next run",
    "same token": "CloudWatch names a page of its answer twice; it is asked again by the next run",
    "InvalidParameterValue": "AWS says InvalidParameterValue; correct namespace, metric, stat and dimensions",
}


@pytest.mark.parametrize(("answer", "reason"), INCOMPLETE.items(), ids=INCOMPLETE)
def test_a_measure_that_is_not_told_whole_is_unknown_and_the_others_are_told(
    answer: str, reason: str, company: Company, filled: CloudWatchDouble
) -> None:
    filled.answers = ["serve", answer, *(["same token"] if answer == "same token" else [])]
    (collected,) = company.collect(NOON)
    assert collected.error == f"msk: measure kafka_bytes_in, 18 Nov 2026 and 3 more days: {reason}"
    assert collected.partial_count == 4
    assert set(stored(company, "kafka_bytes_in").values()) == {None}
    assert stored(company)["20261120"] == 28
    (mended,) = company.collect(NOON + timedelta(hours=6))
    assert mended.error == ""
    assert stored(company, "kafka_bytes_in")["20261118"] is not None


def test_what_is_stored_whole_is_not_replaced_by_less(company: Company, filled: CloudWatchDouble) -> None:
    company.collect(NOON)
    before = stored(company, "kafka_bytes_in")
    filled.answers = ["serve", "PartialData"]
    (collected,) = company.collect(NOON, DAY)
    assert "PartialData" in collected.error
    assert stored(company, "kafka_bytes_in") == before


REFUSALS = {
    "AccessDeniedException": "allow cloudwatch:GetMetricData, cloudwatch:ListMetrics, and sts:AssumeRole",
    "ExpiredTokenException": "renew the credentials",
    "InternalServiceFaultException": "run it again later",
}


@pytest.mark.parametrize(("code", "what_to_do"), REFUSALS.items(), ids=REFUSALS)
def test_what_aws_refuses_altogether_is_one_sentence(
    code: str, what_to_do: str, company: Company, filled: CloudWatchDouble
) -> None:
    filled.answers = [code]
    (collected,) = company.collect(NOON)
    assert collected.error.startswith(f"msk: AWS says {code}; {what_to_do}")
    assert (collected.rows, len(filled.requests)) == ({}, 1)


def test_dimensions_that_nobody_has_are_told_with_those_there_are(
    company: Company, filled: CloudWatchDouble
) -> None:
    fewer: dict[str, Any] = {**BYTES, "dimensions": {"Cluster Name": "prod", "Topic": "*"}}
    company.sources = [watching(first_day=FIRST, measures=[fewer, MESSAGES])]  # type: ignore[list-item]
    (collected,) = company.collect(NOON)
    assert collected.error == (
        "msk: measure kafka_bytes_in, 18 Nov 2026 and 3 more days: CloudWatch lists no metric AWS/Kafka "
        "BytesInPerSec with just the dimensions Cluster Name, Topic that had a value in the last two weeks; "
        "there are some by Broker ID, Client, Cluster Name, Topic and by Broker ID, Cluster Name, Topic; "
        "correct them"
    )
    assert stored(company)["20261120"] == 28


def test_a_network_that_is_down_is_one_sentence(
    company: Company, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (collected,) = company.collect(NOON)
    assert collected.error.startswith("msk: Could not connect to the endpoint URL")


def test_a_region_that_is_missing_is_one_sentence(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    (collected,) = company.collect(NOON)
    assert collected.error.startswith("msk: You must specify a region")


def test_a_day_asked_for_is_told_whole(company: Company) -> None:
    company.collect(NOON, Window(DAY.start + timedelta(hours=3), DAY.start + timedelta(hours=4)))
    assert list(stored(company)) == ["20261120"]

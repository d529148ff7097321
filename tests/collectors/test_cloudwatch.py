"""Measures from CloudWatch: what moto's is asked, and what becomes of its answers."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.cloudwatch.metrics import Metrics
from collectors.cloudwatch.source import label_of
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.doubles.cloudwatch import CloudWatchDouble
from tests.made.cost_explorer_company import Bottomless
from tests.made.kafka_metrics import (
    BROKERS,
    BYTES,
    DAY,
    MESSAGES,
    TOPICS,
    bytes_in,
    datum,
    hours,
    kafka,
    rows,
    watching,
)

NOON = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)


def told(window: Window = DAY, now: datetime = NOON, **settings: Any) -> dict[str, tuple[float, float]]:
    """Labels -> value and coverage."""
    return {row["labels"]: (row["value"], row["coverage"]) for row in rows(window, now, **settings)}


def expected(topic: str, of: Window = DAY) -> float:
    return math.fsum(
        bytes_in(topic, broker, at)
        for broker in BROKERS
        for at in hours(of.start.date(), of.start.date())
        if at < of.end
    )


# --- what a day is ---------------------------------------------------------------------------------


def test_a_gauge_counts_for_each_hour_by_label(cloudwatch: CloudWatchDouble) -> None:
    cloudwatch.put(*kafka())
    assert told() == {f'{{"topic":"{topic}"}}': (expected(topic), 1) for topic in TOPICS}
    (row, *_) = rows(DAY, NOON)
    assert (row["day"], row["measure"], row["unit"]) == (DAY.start.date(), "kafka_bytes_in", "bytes/s-hours")


def test_a_sum_is_added_up_and_what_lies_in_an_hour_is_averaged(cloudwatch: CloudWatchDouble) -> None:
    cloudwatch.put(*kafka())
    assert told(measures=[MESSAGES]) == {"": (24 * 7, 1)}
    assert told(measures=[{**MESSAGES, "stat": "Average"}]) == {"": (24 * 3.5, 1)}
    assert told(measures=[{**MESSAGES, "stat": "SampleCount"}]) == {"": (24 * 2, 1)}
    assert told(measures=[{**MESSAGES, "stat": "Maximum"}]) == {"": (24 * 4, 1)}
    assert not cloudwatch.asked("ListMetrics")


def test_the_running_day_is_asked_up_to_its_last_whole_hour(cloudwatch: CloudWatchDouble) -> None:
    cloudwatch.put(*kafka())
    now = DAY.start + timedelta(hours=5, minutes=59)
    assert told(now=now)['{"topic":"logs"}'] == (
        expected("logs", Window(DAY.start, DAY.start + timedelta(hours=5))),
        1,
    )
    (asked,) = cloudwatch.asked("GetMetricData")
    assert (asked["StartTime"], asked["EndTime"]) == (DAY.start.timestamp(), DAY.start.timestamp() + 5 * 3600)
    batches = list(watching().collect_paid(DAY, now, Bottomless()))
    assert [batch.is_partial for batch in batches] == [True]


def test_what_is_absent_is_unknown(cloudwatch: CloudWatchDouble) -> None:
    cloudwatch.put(*kafka([at for at in hours() if at.hour % 4 or at < DAY.start]))
    assert {coverage for _, coverage in told().values()} == {0.75}
    yesterday = Window(DAY.end, DAY.end + timedelta(days=1))
    assert told(yesterday, measures=[MESSAGES]) == {"": (None, 0)}
    assert told(measures=[{**MESSAGES, "metric": "Nothing"}]) == {"": (None, 0)}


def test_an_hour_that_one_metric_has_is_covered(cloudwatch: CloudWatchDouble) -> None:
    names = {"Cluster_Name": "prod", "Broker_ID": "1"}
    halves = [("orders", range(12)), ("logs", range(6, 18))]
    cloudwatch.put(
        *(
            datum("BytesInPerSec", DAY.start + timedelta(hours=hour), 2, Topic=topic, **names)
            for topic, some in halves
            for hour in some
        )
    )
    assert told() == {'{"topic":"orders"}': (24, 0.75), '{"topic":"logs"}': (24, 0.75)}


def test_a_dimension_may_be_fixed_and_labels_several(cloudwatch: CloudWatchDouble) -> None:
    cloudwatch.put(*kafka([DAY.start]))
    dimensions = {**BYTES["dimensions"], "Broker ID": "2"}
    by = {"by": ["Topic", "Cluster Name"], "dimensions": dimensions}
    assert told(measures=[{**BYTES, **by}]) == {
        f'{{"cluster_name":"prod","topic":"{topic}"}}': (bytes_in(topic, "2", DAY.start), 1 / 24)
        for topic in TOPICS
    }


LABELS = {
    "Topic": "topic",
    "Cluster Name": "cluster_name",
    "Broker ID": "broker_id",
    "DBInstanceIdentifier": "db_instance_identifier",
    "EndpointName": "endpoint_name",
    "CacheClusterId": "cache_cluster_id",
    "TableName": "table_name",
    "NatGatewayId": "nat_gateway_id",
}


@pytest.mark.parametrize(("dimension", "label"), LABELS.items(), ids=LABELS)
def test_a_label_is_the_dimension_in_small_letters(dimension: str, label: str) -> None:
    assert label_of(dimension) == label


# --- what is asked ---------------------------------------------------------------------------------


def test_days_are_asked_together_and_each_metric_is_paid_once(cloudwatch: CloudWatchDouble) -> None:
    cloudwatch.put(*kafka())
    purse = Bottomless()
    window = Window.of_days(date(2026, 11, 18), date(2026, 11, 21))
    batches = list(watching(measures=[BYTES, MESSAGES]).collect_paid(window, NOON, purse))
    assert [batch.window.start.day for batch in batches if batch.window] == [18, 19, 20]
    assert [len(asked["MetricDataQueries"]) for asked in cloudwatch.asked("GetMetricData")] == [6, 1]
    assert len(cloudwatch.asked("ListMetrics")) == 2  # moto names a metric for each of its values
    assert f"{purse.spent:f}" == "0.00009"


@pytest.mark.parametrize("page_size", [5, 24, 100])
def test_pages_do_not_matter(page_size: int, cloudwatch: CloudWatchDouble) -> None:
    cloudwatch.put(*kafka([at for at in hours() if at >= DAY.start]))
    whole = told()
    cloudwatch.requests.clear()
    cloudwatch.page_size = page_size
    assert told() == whole
    assert len(cloudwatch.asked("GetMetricData")) == math.ceil(6 * 24 / page_size)


def test_as_many_metrics_are_asked_at_once_as_a_request_takes(
    cloudwatch: CloudWatchDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudwatch.put(*kafka([at for at in hours() if at >= DAY.start]))
    whole = told()
    cloudwatch.requests.clear()
    monkeypatch.setattr("collectors.cloudwatch.metrics._MOST_QUERIES", 4)
    assert told() == whole
    assert [len(asked["MetricDataQueries"]) for asked in cloudwatch.asked("GetMetricData")] == [4, 2]


def test_an_answer_holds_all_days_that_are_asked_at_once(cloudwatch: CloudWatchDouble) -> None:
    """600 metrics, which moto itself lists in two pages."""
    cloudwatch.put(*(datum("Cpu", DAY.start, 1, Host=f"h-{number}") for number in range(600)))
    measure = {**MESSAGES, "metric": "Cpu", "dimensions": {"Host": "*"}, "by": ["Host"]}
    days = [Window(DAY.start - timedelta(days=back), DAY.end - timedelta(days=back)) for back in range(20)]
    parts = [len(part) for part in Metrics(watching(measures=[measure]), Bottomless()).parts(days)]
    assert (parts, len(cloudwatch.asked("ListMetrics"))) == ([8, 8, 4], 2)
    assert 500 * 24 * 8 <= 100_800


def test_days_that_are_no_longer_kept_are_not_asked(cloudwatch: CloudWatchDouble) -> None:
    with pytest.raises(SourceError, match="msk: CloudWatch keeps the days from 2025-08-24 on; ask for some"):
        told(Window.of_days(date(2025, 1, 1), date(2025, 2, 1)))
    found = rows(Window.of_days(date(2025, 8, 20), date(2025, 8, 26)), NOON, measures=[MESSAGES])
    assert [row["day"].day for row in found] == [24, 25]
    assert len(cloudwatch.requests) == 1


def test_without_a_purse_nothing_is_asked(cloudwatch: CloudWatchDouble) -> None:
    with pytest.raises(SourceError, match="costs money"):
        watching().collect(DAY)
    assert not cloudwatch.requests


SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "a label that is no dimension": (
        {"by": ["Topik"]},
        "Topik is none of its dimensions, which are: Cluster",
    ),
    "two labels of one name": (
        {"dimensions": {"Broker ID": "*", "BrokerId": "*"}, "by": ["Broker ID", "BrokerId"]},
        "two dimensions would both be the label broker_id",
    ),
    "a stat that cannot be added up": ({"stat": "p99"}, "Input should be 'Sum'"),
    "an empty metric": ({"metric": ""}, "at least 1 character"),
}


@pytest.mark.parametrize(("keys", "reason"), SETTINGS.values(), ids=SETTINGS)
def test_a_measure_is_refused_with(keys: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        watching(measures=[{**BYTES, **keys}])

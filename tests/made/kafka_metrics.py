"""A Kafka cluster in CloudWatch: bytes by broker and topic, and a company that measures them."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from collectors.cloudwatch import CloudWatch, metrics
from costwatch.model import Window, midnight
from tests.made.company import Company
from tests.made.cost_explorer_company import Bottomless

FIRST, LAST = date(2026, 11, 18), date(2026, 11, 20)  # days with values
DAY = Window.of_days(LAST, LAST + timedelta(days=1))
BROKERS, TOPICS = ("1", "2"), ("orders", "scores", "logs")
BYTES = {
    "name": "kafka_bytes_in",
    "unit": "bytes/s-hours",
    "namespace": "AWS/Kafka",
    "metric": "BytesInPerSec",
    "stat": "Average",
    "dimensions": {"Cluster Name": "prod", "Broker ID": "*", "Topic": "*"},
    "by": ["Topic"],
}
MESSAGES = {
    "name": "messages",
    "unit": "messages",
    "namespace": "AWS/Kafka",
    "metric": "Messages",
    "stat": "Sum",
    "dimensions": {"Cluster Name": "prod"},
}


def datum(metric: str, at: datetime, value: float, **dimensions: str) -> dict[str, Any]:
    """One value; ``_`` in the name of a dimension is a blank."""
    pairs = [{"Name": name.replace("_", " "), "Value": text} for name, text in dimensions.items()]
    return {"MetricName": metric, "Dimensions": pairs, "Timestamp": at, "Value": value}


def bytes_in(topic: str, broker: str, at: datetime) -> float:
    """What the broker took in of a topic in the hour from ``at`` on."""
    return 100 * TOPICS.index(topic) + 10 * int(broker) + at.day + at.hour / 24


def hours(first: date = FIRST, last: date = LAST) -> Iterator[datetime]:
    at = midnight(first)
    while at.date() <= last:
        yield at
        at += timedelta(hours=1)


def kafka(at_hours: Sequence[datetime] | None = None) -> list[dict[str, Any]]:
    """Values of all hours; and of metrics that have fewer dimensions, or more, or are of another cluster."""
    data = []
    for at in at_hours or list(hours()):
        for broker in BROKERS:
            for topic in TOPICS:
                value = bytes_in(topic, broker, at)
                names = {"Broker_ID": broker, "Topic": topic}
                data.append(datum("BytesInPerSec", at, value, Cluster_Name="prod", **names))
        data.append(datum("BytesInPerSec", at, 1e6, Cluster_Name="prod", Broker_ID="1"))
        data.append(datum("BytesInPerSec", at, 1e6, Cluster_Name="test", Broker_ID="1", Topic="orders"))
        data.append(
            datum("BytesInPerSec", at, 1e6, Cluster_Name="prod", Broker_ID="1", Topic="orders", Client="x")
        )
        data.append(datum("Messages", at + timedelta(minutes=5), 3, Cluster_Name="prod"))
        data.append(datum("Messages", at + timedelta(minutes=55), 4, Cluster_Name="prod"))
    return data


def watching(**settings: Any) -> CloudWatch:
    return CloudWatch.model_validate({"name": "msk", "measures": [BYTES], **settings})


def watched(folder: Path, **settings: Any) -> Company:
    """A company whose only source is CloudWatch, from ``FIRST`` on."""
    folder.mkdir(exist_ok=True)
    made = Company(folder)
    made.sources = [watching(first_day=FIRST, **settings)]  # type: ignore[list-item]
    return made


def rows(window: Window, now: datetime, **settings: Any) -> list[dict[str, Any]]:
    """What is measured of ``window`` as of ``now``."""
    batches = watching(**settings).collect_paid(window, now, Bottomless())
    return [row for batch in batches for part in batch.read() for row in part.to_pylist()]


def one_day_at_a_time() -> None:
    """From now on, in this process."""
    metrics._MOST_DATAPOINTS = 24 * len(BROKERS) * len(TOPICS)

"""A made-up company's warehouse, small enough for a test of what pages show of it."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from costwatch.model import UNALLOCATED
from costwatch.warehouse.store import Warehouse
from tests.made.slo_buckets import History, objective, steady
from tests.made.warehouse_rows import Row, alert, budget, collected, fill

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
SETTLED, LAST = date(2026, 11, 19), date(2026, 11, 21)
FIRST = date(2026, 9, 1)

CONFIG = """\
sources:
  - {name: aws, kind: exports, location: exports}
teams:
  - {name: platform}
  - {name: payments}
  - {name: ml-platform}
  - {name: feature-store}
systems:
  - {name: training, team: ml-platform, tier: 3, match: {tags: {system: training}}}
  - {name: feature-serving, team: feature-store, tier: 1, match: {tags: {system: [serving, events]}}}
budgets:
  - {amount: 390000}
"""
ALERTS = """\
rules:
  - {name: StaleData, kind: freshness, source: "*", max_age: 30h}
route: {receiver: default}
receivers:
  - {name: default, kind: stdout}
"""

SYSTEMS = {
    "Amazon SageMaker": "training",
    "Amazon Managed Streaming for Apache Kafka": "feature-serving",
    "Amazon DynamoDB": "feature-serving",
}
_DAILY = {
    ("ml-platform", "Amazon SageMaker"): 2100,
    ("ml-platform", "Amazon Elastic Compute Cloud"): 1900,
    ("feature-store", "Amazon Managed Streaming for Apache Kafka"): 1200,
    ("feature-store", "Amazon DynamoDB"): 640,
    ("feature-store", "Amazon Virtual Private Cloud"): 110,
    ("platform", "Amazon Elastic Compute Cloud"): 1750,
    ("platform", "AWS Support"): 380,
    ("risk", "Amazon Relational Database Service"): 910,
    ("risk", "Amazon SageMaker"): 520,
    ("experimentation", "AWS Lambda"): 330,
    ("payments", "Amazon Relational Database Service"): 760,
    ("payments", "Amazon Simple Storage Service"): 280,
    (UNALLOCATED, "Amazon Simple Storage Service"): 190,
}


def rows(currency: str = "USD") -> list[Row]:
    """Weekends cost less, SageMaker runs away from the 13th, NAT leaks from the 15th of November."""
    found = []
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        state = "estimated" if day > SETTLED else "closed" if day < date(2026, 11, 1) else "settled"
        for at, ((team, service), dollars) in enumerate(_DAILY.items()):
            size = dollars * (0.78 if day.weekday() > 4 else 1) * (1 + 0.03 * math.sin(number + at))
            size *= (
                1.9
                if (service, team) == ("Amazon SageMaker", "ml-platform") and day >= date(2026, 11, 13)
                else 1
            )
            size *= 3.2 if service.endswith("Private Cloud") and day >= date(2026, 11, 15) else 1
            effective = Decimal(f"{size:.9f}")
            found.append((day, team, service, currency, effective * Decimal("0.97"), effective, state))
    return found


def configured(folder: Path) -> Path:
    """A configuration without any data; returns its file."""
    (folder / "alerts.yaml").write_text(ALERTS)
    file = folder / "costwatch.yaml"
    file.write_text(CONFIG)
    return file


def full(folder: Path) -> Path:
    """The whole company with its budgets, alerts and a restated day."""
    file = configured(folder)
    warehouse = Warehouse(folder / "costwatch.db")
    every = rows()
    before = [
        (*row[:4], row[4] * 2, row[5] * 2, row[6]) if row[0] == date(2026, 11, 5) else row for row in every
    ]
    fill(warehouse, before, NOW - timedelta(days=2), SYSTEMS)
    fill(warehouse, every, NOW - timedelta(hours=1), SYSTEMS)
    for team, amount in (
        ("*", 390000),
        ("ml-platform", 150000),
        ("feature-store", 66000),
        ("platform", 68000),
    ):
        budget(warehouse, team, amount)
    budget(warehouse, "payments", 100000, period="quarter")
    alert(
        warehouse,
        "NatLeak",
        "feature-store: Amazon Virtual Private Cloud cost $352.00 on 19 Nov 2026, over $300.00",
        NOW - timedelta(hours=1),
        labels={"team": "feature-store", "service": "Amazon Virtual Private Cloud"},
        value="352",
        threshold="300",
    )
    alert(
        warehouse,
        "MonthBudget",
        "ml-platform: $98,000.00 of $150,000.00 spent by 19 Nov 2026 (65 %); forecast $161k, 7 % over",
        NOW - timedelta(hours=1),
        labels={"team": "ml-platform", "budget": "ml-platform month", "period": "2026-11"},
        severity="page",
        value="161000",
        threshold="150000",
    )
    objectives(folder)
    return file


def objectives(folder: Path) -> None:
    """One that burns since a deploy, one of two views, one without traffic, one that is unseen by now."""
    made = History(folder, NOW)
    made.put(
        objective(
            "serving-errors", "0.99", service="serving", team="feature-store", system="feature-serving"
        ),
        objective("freshness", "0.9", service="serving", team="feature-store", system="feature-serving"),
        objective("canary", service="canary", team="ml-platform"),
        objective("batch", service="training", team="ml-platform", system="training"),
    )
    quiet, hit = steady(29.9, 100, 0.2), [(60.0, 100.0)] * 24
    made.buckets("serving-errors", [*quiet[:2000], *[None] * 36, *quiet[2036:], *hit, *steady(1 / 60, 100)])
    for view, bad in (("clicks", 1), ("views", 4)):
        made.buckets("freshness", steady(30, 100, bad), feature_view=view)
    made.buckets("canary", steady(30, 0))
    made.buckets("batch", steady(20), end=NOW - timedelta(days=3))
    onset = NOW - timedelta(minutes=5 * (24 + len(steady(1 / 60))))
    made.marker("deploy", "serving 7 <b>new</b>", onset - timedelta(minutes=9), "serving")
    made.marker("flag", "other", onset - timedelta(minutes=9), "checkout")


def stale(folder: Path) -> Path:
    """The same, but its source failed and has brought nothing for three days."""
    file = full(folder)
    with Warehouse(folder / "costwatch.db").write() as db:
        db.execute("DELETE FROM collection")
        collected(db, "aws", NOW - timedelta(days=3))
        collected(
            db, "aws", NOW, "failed", "aws: the bucket refuses this role; let it read s3://acme-bills/focus"
        )
    return file

"""A small company whose costs come through every kind of pool: shared, measured by a cluster, given on."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.made.bills import Line, on_day, tags
from tests.made.company import NOW, Company
from tests.made.usage_rows import Pods, Row, node_day, pod_hour

OCTOBER = date(2026, 10, 1)
DAYS = 20
TEAMS = [{"name": "risk"}, {"name": "shop"}, {"name": "platform"}]
POOLS: list[dict[str, Any]] = [
    {"name": "tax", "split": "even", "match": {"ChargeCategory": "Tax"}},
    {
        "name": "support",
        "split": "fixed",
        "match": {"ServiceName": "Support"},
        "percent": {"risk": 62.5, "shop": 37.5},
    },
    {"name": "audit", "split": "proportional", "match": {"ServiceName": "Audit"}},
    {"name": "k8s", "split": "kubernetes", "match": {"ServiceName": "Amazon EC2"}},
    {"name": "base", "split": "even", "carried_by": "platform", "teams": ["risk", "shop"]},
    {"name": "slack", "split": "proportional", "carried_by": "idle"},
    {"name": "direct", "split": "owner", "cost_categories": []},
]
HOSTILE = "<b>ns</b> & 'q'\x1b[31m"


def trail_company(folder: Path) -> Path:
    """Publishes it there; its configuration file."""
    source, file = Pods(name="k8s"), folder / "costwatch.yaml"
    # JSON is YAML, too.
    file.write_text(f"teams: {TEAMS}\npools: {POOLS}\n")
    company = Company(folder, {"teams": TEAMS, "pools": POOLS})
    source.says(pods(), nodes())
    company.sources.append(source)  # type: ignore[arg-type]
    company.bill([*lines()])
    company.run(NOW)
    return file


def lines() -> Iterator[Line]:
    """October's: a machine and a balancer, a shared bill of each kind, and what has an owner or none."""
    for day in range(1, DAYS + 1):
        yield _line(day, "Amazon EC2", "24", "30", ResourceId="i-1")
    yield _line(3, "Amazon EC2", "6", "6", ResourceId="i-unknown")
    yield _line(1, "Amazon EC2", "10", "10", ChargeCategory="Tax")
    yield _line(1, "Support", "16", "16")
    yield _line(2, "Audit", "4", "4")
    yield _line(2, "Amazon S3", "50", "40", team="risk")
    yield _line(2, "Amazon SQS", "5", "5", team="risk")
    yield _line(2, "Amazon S3", "25", "25", team="shop")
    yield _line(2, "Amazon S3", "8.000000001", "8", team="platform")
    yield _line(2, "Amazon S3", "3", "3")
    yield _line(2, "Amazon S3", "7", "7", team="risk", BillingCurrency="EUR")


def _line(day: int, service: str, effective: str, billed: str, team: str = "", **columns: str) -> Line:
    owner = {"Tags": tags(team=team) if team else tags()}
    costs = {"EffectiveCost": effective, "BilledCost": billed, "SubAccountId": ""}
    return on_day(day, ServiceName=service, **{**costs, **owner, **columns})


def pods() -> Iterator[Row]:
    """Twelve small workloads of risk and an oddly named one; one of shop, which takes more memory."""
    for hour in range(-31 * 24, (DAYS - 31) * 24):
        for number in range(12):
            yield _pod(
                hour, f"job-{number:02d}", cpu_core_seconds=60.0 * (12 - number), labels='{"team":"risk"}'
            )
        yield _pod(hour, "\x1b[31mx", namespace=HOSTILE, labels='{"team":"risk"}')
        yield _pod(hour, "web", namespace="shop", labels="", memory_byte_seconds=4 * 3600 * 2.0**30)


def _pod(hour: int, workload: str, **fields: Any) -> Row:
    usual = {"namespace": "scoring", "pod": workload, "uid": workload, "workload": workload}
    return pod_hour(hour, **{**usual, "cpu_core_seconds": 600.0, "memory_byte_seconds": 0.0, **fields})


def nodes() -> Iterator[Row]:
    """A node; on its last day a quarter of its life was measured."""
    for number in range(DAYS):
        short = {"measured_seconds": 21600.0} if number == DAYS - 1 else {}
        yield node_day(OCTOBER + timedelta(days=number), **short)

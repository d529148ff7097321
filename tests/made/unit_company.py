"""October of a small company that knows what a prediction and a decision cost, on most days."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from collectors.measures import Measured
from costwatch.warehouse.store import Warehouse
from tests.made.bills import Line, on_day, tags
from tests.made.company import Company
from tests.made.measured import Measures, measured
from tests.made.usage_rows import Pods, Row, node_day, pod_hour

NOW = datetime(2026, 11, 3, 6, tzinfo=UTC)
FIRST, AFTER = date(2026, 10, 1), date(2026, 11, 1)
# Of these days the volume is not known: half of it, 0, no delivery, and one that could not be told.
HALF, ZERO, SILENT, UNKNOWN = (date(2026, 10, day) for day in (10, 11, 12, 13))
DEARER = date(2026, 10, 29)  # from this day on machines cost twice as much
TEAMS = [{"name": "risk"}, {"name": "ml"}]
POOLS: list[dict[str, Any]] = [
    {
        "name": "k8s",
        "split": "kubernetes",
        "match": {"ServiceName": "Amazon EC2"},
        "prices": {"cpu": 1, "memory": 0},
    }
]
SYSTEMS = [{"name": "model-server", "team": "ml", "match": {"pools": ["k8s"]}}]
UNIT_COSTS: list[dict[str, Any]] = [
    {
        "name": "prediction",
        "volume": "predictions",
        "per": "1000",
        "where": {"system": "model-server"},
        "by": ["namespace"],
    },
    {"name": "decision", "volume": "decisions", "where": {"team": "risk", "service": "Amazon DynamoDB"}},
    {"name": "experiment", "volume": "experiments", "where": {"team": "risk"}},
]
PREDICTIONS = {"fraud": 1_000_000.0, "ranking": 3_000_000.0}


class UnitCompany(Company):
    """Its bill, its cluster and what it measures."""

    def __init__(self, root: Path, unit_costs: list[dict[str, Any]] | None = None) -> None:
        configured = UNIT_COSTS if unit_costs is None else unit_costs
        named = {"teams": TEAMS, "pools": POOLS, "systems": SYSTEMS}
        super().__init__(root, {**named, "unit_costs": configured})
        self.measures, pods = Measures(name="prom"), Pods(name="k8s")
        pods.says(_pods(), [node_day(day) for day in days()])
        self.measures.says(volumes())
        self.sources += [pods, self.measures]  # type: ignore[list-item]
        self.bill([*lines()])


def unit_company(path: Path) -> Warehouse:
    """That company, published."""
    company = UnitCompany(path.parent)
    company.run(NOW)
    return company.warehouse


def days() -> list[date]:
    """Of October."""
    return [FIRST + timedelta(days=number) for number in range((AFTER - FIRST).days)]


def lines() -> Iterator[Line]:
    """A machine of $24 a day, which two namespaces share by three to one; risk's table for $10."""
    for day in days():
        cost = "48" if day >= DEARER else "24"
        yield _line(day, "Amazon EC2", cost, ResourceId="i-1")
        yield _line(day, "Amazon DynamoDB", "10", Tags=tags(team="risk"))
        yield _line(day, "Amazon S3", "3", Tags=tags(team="risk"))


def _line(day: date, service: str, cost: str, **columns: str) -> Line:
    return on_day(day.day, ServiceName=service, EffectiveCost=cost, BilledCost=cost, **columns)


def _pods() -> Iterator[Row]:
    """A core of fraud and three of ranking, the whole machine together."""
    for hour in range(-31 * 24, 0):
        for namespace, cores in (("fraud", 1), ("ranking", 3)):
            yield pod_hour(
                hour,
                namespace=namespace,
                pod=namespace,
                uid=namespace,
                workload=namespace,
                labels='{"team":"ml"}',
                cpu_core_seconds=3600.0 * cores,
            )


def volumes() -> Iterator[Measured]:
    """Predictions by namespace, and decisions, of which only one day is known."""
    by_namespace: Mapping[tuple[tuple[str, str], ...], float] = {
        (("namespace", name),): count for name, count in PREDICTIONS.items()
    }
    for day in days():
        if day == SILENT:
            continue
        values = {ZERO: dict.fromkeys(by_namespace, 0.0), UNKNOWN: None}.get(day, by_namespace)
        yield measured(day, "predictions", values, coverage=0.5 if day == HALF else 1.0)
        yield measured(day, "decisions", 5.0 if day == FIRST else None)

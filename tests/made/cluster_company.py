"""A company with one cluster of one node, a job every day, and a bill that is two days behind."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from costwatch.model import Point, Window, labels
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import Line, on_day
from tests.made.company import Company
from tests.made.usage_by_hand import ClusterUsage, Nodes, Row, node, workload

TODAY = date(2026, 10, 20)
TEN = datetime(2026, 10, 20, 10, tzinfo=UTC)
LATER = TEN + timedelta(days=6)
OCTOBER = Window.of_days(date(2026, 10, 1), date(2026, 11, 1))


def of_node(day: int, cost: str, name: str = "n1", **columns: str) -> Line:
    return on_day(day, ResourceId=f"i-{name}", EffectiveCost=cost, BilledCost=cost, **columns)


class Cluster(Company):
    """A company of one node at $24 a day, billed up to the 18th, with a job every day."""

    def __init__(self, root: Path, list_prices: Mapping[str, float] | None = None) -> None:
        pool = Nodes(name="k8s", split="nodes", team="platform", match={"ServiceName": "Amazon EC2"})
        super().__init__(root, {"teams": [{"name": "platform"}, {"name": "ml"}], "pools": [pool]})
        self.usage = ClusterUsage(name="k8s-prod", list_prices=list_prices or {})
        self.sources = [*self.sources, self.usage]
        self.lines = [of_node(day, "24", ServiceName="Amazon EC2") for day in range(1, 19)]
        self.bill(self.lines)
        for day in range(1, 20):
            self.usage.has(date(2026, 10, day), [node()], [etl()])

    def today(self, *workloads: Row, hours: float = 10, nodes: Sequence[Row] = ()) -> None:
        """What is measured of the 20th by now."""
        self.usage.has(TODAY, nodes or [node(hours=hours)], workloads)

    def costs(self, query: str = "workload_cost", by: tuple[str, ...] = ("workload",)) -> dict[Any, Any]:
        with self.warehouse.read() as db:
            return dict(WarehouseSnapshot(db, TEN).series(query, by, OCTOBER))

    def of(self, name: str) -> tuple[Point, ...]:
        return self.costs()[labels(workload=name, currency="USD")]


def etl(hours: float = 6, **columns: Any) -> Row:
    """26 of the node's 52 parts for a quarter of the day: an eighth of it, $3."""
    return workload("etl", "cronjob", cores=2, gib=8, hours=hours, **columns)


def train(hours: float) -> Row:
    """The whole node."""
    return workload("train", cores=4, gib=16, hours=hours)


def billed(folder: Path, cost: str) -> Cluster:
    """The cluster once the 19th and 20th are billed, which were estimated at $24 a day."""
    cluster = Cluster(folder)
    cluster.today(train(hours=24), hours=24)
    cluster.run(TEN)
    cluster.bill([*cluster.lines, *(of_node(day, cost, ServiceName="Amazon EC2") for day in range(19, 24))])
    cluster.run(LATER)
    return cluster

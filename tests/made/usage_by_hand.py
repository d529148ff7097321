"""Usage of a cluster by hand, as a collector of Kubernetes brings it: a few nodes, workloads and days."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic import PrivateAttr

from collectors.kubernetes.tables import NODE_DAYS, WORKLOAD_DAYS
from costwatch.model import Batch, Window, midnight
from costwatch.plugins import CollectorSettings, Input, SplitSettings, Table

DAY = timedelta(days=1)
GIB = 2**30
HOUR = 3600
Row = Mapping[str, Any]


def node(name: str = "n1", **columns: Any) -> Row:
    """A node of 4 vCPU and 16 GiB that lived all day and was measured for all of it."""
    hours = columns.pop("hours", 24)
    return {
        "cluster": "prod",
        "node": name,
        "instance": f"i-{name}",
        "provider_id": f"aws:///eu-west-1a/i-{name}",
        "instance_type": "m5.xlarge",
        "region": "eu-west-1",
        "capacity_type": "on-demand",
        "cpu_cores": 4,
        "memory_bytes": 16 * GIB,
        "gpus": 0,
        "expected_seconds": hours * HOUR,
        "measured_seconds": hours * HOUR,
        "labels": "",
        **columns,
    }


def workload(name: str, kind: str = "job", *, cores: float, gib: float, hours: float, **columns: Any) -> Row:
    """A workload in namespace ``ml`` on node ``n1`` that requested so much for so long; it used a quarter."""
    seconds = hours * HOUR
    on = columns.pop("on", "n1")
    return {
        "cluster": "prod",
        "node": on,
        "instance": f"i-{on}",
        "namespace": "ml",
        "workload_kind": kind,
        "workload": name,
        "labels": "",
        "pods": 1,
        "running_seconds": seconds,
        "cpu_requested_core_seconds": cores * seconds,
        "cpu_used_core_seconds": cores * seconds / 4,
        "cpu_core_seconds": cores * seconds,
        "memory_requested_byte_seconds": gib * GIB * seconds,
        "memory_used_byte_seconds": gib * GIB * seconds / 4,
        "memory_byte_seconds": gib * GIB * seconds,
        "gpu_seconds": 0,
        "gpu_used_seconds": None,
        **columns,
    }


class ClusterUsage(CollectorSettings):
    """Usage of clusters, as the test says. list_prices: instance type -> price of an hour."""

    tables: ClassVar[tuple[Table, ...]] = (NODE_DAYS, WORKLOAD_DAYS)

    role: Literal["bill", "check"] | None = None
    list_prices: Mapping[str, float] = {}

    _days: dict[date, tuple[Sequence[Row], Sequence[Row]]] = PrivateAttr(default_factory=dict)

    @property
    def lookback(self) -> timedelta:
        """A day is read again until it is over."""
        return DAY

    def has(self, day: date, nodes: Sequence[Row], workloads: Sequence[Row]) -> None:
        """What the source answers of a day from now on."""
        self._days[day] = nodes, workloads

    def collect(self, window: Window) -> Iterator[Batch]:
        """A batch of both tables for each day."""
        for day, found in sorted(self._days.items()):
            span = Window(midnight(day), midnight(day) + DAY)
            if span.overlaps(window):
                for table, rows in zip(self.tables, found, strict=True):
                    yield Batch(table.name, span, repr(rows), partial(_read, table, day, rows))


def _read(table: Table, day: date, rows: Sequence[Row]) -> Iterator[pa.RecordBatch]:
    yield pa.RecordBatch.from_pylist([{"day": day, **row} for row in rows], schema=table.schema())


class Nodes(SplitSettings):
    """A pool of nodes that is given to one team: what matters here is that it tells resources apart."""

    columns: ClassVar[tuple[str, ...]] = ("ResourceId",)

    team: str

    def inputs(self, period: Window, batches: Any) -> Iterator[Input]:
        """The usage of the period, as far as there is any."""
        versions = sorted(batches.versions("node_days", period).values())
        yield Input("usage", period, "".join(versions) or "none")

    def weights(self, asked: Any) -> Iterator[tuple[int, str, float]]:
        """All to one team."""
        return ((span.number, self.team, 1) for span in asked.spans)

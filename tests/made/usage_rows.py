"""Hours of pods and days of nodes, stored through collect by a source that brings Kubernetes' tables."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import PrivateAttr

from collectors.kubernetes.tables import JOB_DAYS, NODE_DAYS, POD_HOURS, TABLES, WORKLOAD_DAYS
from costwatch.collect import collect
from costwatch.model import Batch, Window
from costwatch.plugins import CollectorSettings, Table
from costwatch.warehouse.store import Warehouse

Row = dict[str, Any]
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
FIRST = date(2026, 11, 1)
GIB = 2.0**30
MIB = 2.0**20
_KEYS = ("cluster", "node", "instance", "namespace", "workload_kind", "workload", "labels")
_SUMS = tuple(name for name in POD_HOURS.columns if name in WORKLOAD_DAYS.columns and name not in _KEYS)


def pod_hour(number: int = 0, **fields: Any) -> Row:
    """Hour ``number`` of November 2026: half a core and 1 GiB requested, a tenth and a half used."""
    return {
        "hour": datetime(2026, 11, 1, tzinfo=UTC) + number * HOUR,
        "cluster": "prod",
        "node": "n1",
        "instance": "i-1",
        "namespace": "shop",
        "pod": "api-1",
        "uid": "u1",
        "container": "main",
        "workload_kind": "deployment",
        "workload": "api",
        "labels": '{"team":"risk"}',
        "running_seconds": 3600.0,
        "cpu_requested_core_seconds": 1800.0,
        "cpu_used_core_seconds": 360.0,
        "cpu_core_seconds": 1800.0,
        "memory_requested_byte_seconds": 3600 * GIB,
        "memory_used_byte_seconds": 1800 * GIB,
        "memory_byte_seconds": 3600 * GIB,
        "gpu_seconds": 0.0,
        "gpu_used_seconds": None,
        "cpu_used_cores_max": 0.2,
        "memory_used_bytes_max": 0.5 * GIB,
        "memory_limit_bytes": 2 * GIB,
        "oom_kills": 0,
        **fields,
    }


def hours(count: int, **fields: Any) -> list[Row]:
    """The first so many hours of November 2026; a field may be a function of the hour's number."""
    return [
        pod_hour(
            number, **{name: value(number) if callable(value) else value for name, value in fields.items()}
        )
        for number in range(count)
    ]


def node_day(day: date = FIRST, **fields: Any) -> Row:
    """A node of four cores and 16 GiB that lived the whole day and was measured as long."""
    return {
        "day": day,
        "cluster": "prod",
        "node": "n1",
        "instance": "i-1",
        "provider_id": "aws:///eu-west-1a/i-1",
        "instance_type": "m5.xlarge",
        "region": "eu-west-1",
        "capacity_type": "on-demand",
        "cpu_cores": 4.0,
        "memory_bytes": 16 * GIB,
        "gpus": 0.0,
        "expected_seconds": 86400.0,
        "measured_seconds": 86400.0,
        "labels": "",
        **fields,
    }


class Pods(CollectorSettings):
    """What a cluster's monitoring would say: the rows of each table and day."""

    role: None = None
    tables: ClassVar[tuple[Table, ...]] = TABLES

    _rows: dict[tuple[str, date], list[Row]] = PrivateAttr(default_factory=dict)

    @property
    def lookback(self) -> timedelta:
        """A month may be restated."""
        return 40 * DAY

    def says(
        self, pod_hours: Iterable[Row], node_days: Iterable[Row] = (), job_days: Iterable[Row] = ()
    ) -> None:
        """Have exactly these rows; days of workloads are their sums."""
        rows: dict[tuple[str, date], list[Row]] = {key: [] for key in self._rows}
        for row in pod_hours:
            rows.setdefault((POD_HOURS.name, row["hour"].date()), []).append(row)
        for (table, day), mine in [*rows.items()]:
            if table == POD_HOURS.name:
                rows[WORKLOAD_DAYS.name, day] = workload_days(day, mine)
        for row in node_days:
            rows.setdefault((NODE_DAYS.name, row["day"]), []).append(row)
        for row in job_days:
            rows.setdefault((JOB_DAYS.name, row["day"]), []).append(row)
        self._rows = rows

    def collect(self, window: Window) -> Iterator[Batch]:
        """One batch for each table and day of which something is or was said."""
        tables = {table.name: table for table in TABLES}
        for (name, day), rows in sorted(self._rows.items(), key=lambda item: (item[0][1], item[0][0])):
            yield Batch(name, Window.of_days(day, day + DAY), repr(rows), partial(_read, tables[name], rows))


def _read(table: Table, rows: list[Row]) -> Iterator[pa.RecordBatch]:
    yield pa.RecordBatch.from_pylist(rows, schema=table.schema())


def workload_days(day: date, pod_hours: Iterable[Row]) -> list[Row]:
    """The sums of a day's hours by workload and node; unknown where nothing is known."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in pod_hours:
        groups[tuple(row[key] for key in _KEYS)].append(row)
    return [
        {
            "day": day,
            **dict(zip(_KEYS, key, strict=True)),
            "pods": len({row["uid"] for row in rows}),
            **{name: known_sum(row[name] for row in rows) for name in _SUMS},
        }
        for key, rows in groups.items()
    ]


def known_sum(values: Iterable[float | None]) -> float | None:
    """Of those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def stored(
    folder: Path, pod_hours: Iterable[Row], node_days: Iterable[Row] = (), name: str = "k8s"
) -> Warehouse:
    """A warehouse and its ledger below ``folder`` that hold these rows, as collect stores them."""
    warehouse, source = Warehouse(folder / "costwatch.db"), Pods(name=name)
    source.says(pod_hours, node_days)
    run(warehouse, source)
    return warehouse


def run(warehouse: Warehouse, *sources: Pods) -> None:
    """Collect, which must succeed."""
    now = datetime(2026, 12, 1, tzinfo=UTC)
    found = collect(warehouse, warehouse.path.parent / "ledger", sources, now)
    assert [each.error for each in found] == [""] * len(sources)


def hostile_names() -> Mapping[str, str]:
    """What whoever runs pods could call them, were it not for Kubernetes."""
    return {
        "namespace": "shop;reboot",
        "workload": "<script>alert(1)</script>$(reboot)\n`id`",
        "container": "main\x1b[31m' --kubeconfig=/evil\u202e",
        "cluster": "=cmd|' /C calc'!A1",
    }

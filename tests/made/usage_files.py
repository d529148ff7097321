"""A day of a small cluster as files: one node, one workload, a volume and a service."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collectors.kubernetes.tables import TABLES
from costwatch.plugins import Table

_HELD = {"cpu_core_seconds": 43_200.0, "memory_byte_seconds": 2.0**30 * 86_400, "running_seconds": 86_400.0}


def write_day(folder: Path, day: date, **changed: Any) -> None:
    """The files of ``day``. changed: columns that say something else, in all tables that have them."""
    for table in TABLES:
        write_table(folder, table, day, [_row(table, day) | changed])


def write_table(folder: Path, table: Table, day: date, rows: list[Mapping[str, Any]]) -> Path:
    """One file; what a row does not tell is null."""
    path = folder / table.name / f"{day}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: [row.get(name) for row in rows] for name in table.columns}
    pq.write_table(pa.table(columns, schema=table.schema()), path)
    return path


def _row(table: Table, day: date) -> dict[str, Any]:
    known: dict[str, Any] = {
        "hour": datetime(day.year, day.month, day.day, 7, tzinfo=UTC),
        "day": day,
        "cluster": "prod",
        "node": "ip-10-0-0-1",
        "instance": "i-0001",
        "namespace": "risk",
        "workload_kind": "deployment",
        "workload": "api",
        "labels": "",
        "cpu_cores": 1.0,
        "memory_bytes": 2.0**31,
        "expected_seconds": 86_400.0,
        "measured_seconds": 86_400.0,
        "volume": "vol-0001",
        "mounted_seconds": 86_400.0,
        "load_balancer": "api-1.us-east-1.elb.amazonaws.com",
        "service": "api",
        "seconds": 86_400.0,
        **_HELD,
    }
    return {name: value for name, value in known.items() if name in table.columns}

"""Rows of what is collected of clusters, made by hand, in the tables that the split reads."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from costwatch.model import Window
from costwatch.testing import FakeBatches

DAY = date(2026, 10, 1)
GIB = 2.0**30
HOUR = 3600.0
Row = dict[str, Any]


def node(cores: float = 4, gib: float = 16, **changes: Any) -> Row:
    """A day of one node that lived for an hour."""
    return {
        "day": DAY,
        "cluster": "prod",
        "node": "n1",
        "instance": "i-0aaa",
        "provider_id": "aws:///us-east-1a/i-0aaa",
        "cpu_cores": cores,
        "memory_bytes": gib * GIB,
        "gpus": 0.0,
        "expected_seconds": HOUR,
        "measured_seconds": HOUR,
        **changes,
    }


def used(
    namespace: str, cores: float = 0, gib: float = 0, gpus: float = 0, hours: float = 1, **changes: Any
) -> Row:
    """What a workload held of the node for so many hours."""
    return {
        "day": DAY,
        "cluster": "prod",
        "node": "n1",
        "instance": "i-0aaa",
        "namespace": namespace,
        "workload_kind": "deployment",
        "workload": "api",
        "labels": "",
        "cpu_core_seconds": cores * hours * HOUR,
        "memory_byte_seconds": gib * GIB * hours * HOUR,
        "gpu_seconds": gpus * hours * HOUR,
        "gpu_used_seconds": None,
        **changes,
    }


def mounted(namespace: str, hours: float, **changes: Any) -> Row:
    """A day of a volume that existed for three hours."""
    return {
        "day": DAY,
        "cluster": "prod",
        "volume": "vol-0aaa",
        "namespace": namespace,
        "workload_kind": "statefulset",
        "workload": "db",
        "labels": "",
        "mounted_seconds": hours * HOUR,
        "expected_seconds": 3 * HOUR,
        "idle_seconds": 0.0,
        **changes,
    }


def service(namespace: str, load_balancer: str, **changes: Any) -> Row:
    """A day of a service behind a load balancer."""
    return {
        "day": DAY,
        "cluster": "prod",
        "namespace": namespace,
        "service": "web",
        "load_balancer": load_balancer,
        "labels": "",
        **changes,
    }


def collected(**tables: Sequence[Row]) -> FakeBatches:
    """Batches of source ``k8s``, a day each."""
    found: dict[str, Mapping[tuple[str, Window], Sequence[Row]]] = {}
    for table, rows in tables.items():
        days = {row["day"] for row in rows}
        found[table] = {
            ("k8s", Window.of_days(day, day + timedelta(days=1))): [row for row in rows if row["day"] == day]
            for day in days
        }
    return FakeBatches(found)

"""Day sums of workloads and of nodes, made with the rows they are of: what is asked of usage reads these."""

import sqlite3
from collections.abc import Mapping
from datetime import timedelta

from costwatch.model import Window, midnight
from costwatch.plugins import Table
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import to_int, to_text

WORKLOADS, NODES = "workload_days", "node_days"
_KEYS = ("cluster", "namespace", "workload_kind", "workload", "labels")
# How many of the keys each grain is told apart by; the others are '' then.
GRAINS: Mapping[str, int] = {"namespace": 2, "workload": 5}
_SUMMED = (
    "cpu_requested_core_seconds",
    "cpu_used_core_seconds",
    "cpu_core_seconds",
    "memory_requested_byte_seconds",
    "memory_used_byte_seconds",
    "memory_byte_seconds",
    "gpu_seconds",
    "gpu_used_seconds",
)
_NEEDED: Mapping[str, frozenset[str]] = {
    WORKLOADS: frozenset((*_KEYS, *_SUMMED)),
    NODES: frozenset(
        ("cluster", "cpu_cores", "memory_bytes", "gpus", "measured_seconds", "expected_seconds")
    ),
}


def renew(db: sqlite3.Connection, source: str, table: Table, window: Window) -> None:
    """Sum what is stored of a source on the UTC days that ``window`` touches; of other tables, nothing.

    To be called in the transaction that stored it. A table that only bears the name has no sums.
    """
    if table.name not in _NEEDED or not table.columns.keys() >= _NEEDED[table.name]:
        return
    first, last = window.start.date(), (window.end - timedelta(microseconds=1)).date()
    days = {"source": source, "first": to_int(first), "last": to_int(last)}
    span = {
        "source": source,
        "start": to_text(midnight(first)),
        "end": to_text(midnight(last + timedelta(days=1))),
    }
    if table.name == NODES:
        db.execute(queries.text("forget_capacity_days"), days)
        db.execute(queries.text("sum_capacity_days"), span)
        return
    db.execute(queries.text("forget_usage_days"), days)
    for grain, told_by in GRAINS.items():
        columns = [*(f"coalesce({key}, '')" for key in _KEYS[:told_by]), *("''" for _ in _KEYS[told_by:])]
        parts = {
            "grain": grain,
            "columns": ", ".join(columns),
            "named": ", ".join(f"{column} AS {key}" for column, key in zip(columns, _KEYS, strict=True)),
        }
        for step in ("note_usage_groups", "sum_usage_days"):
            db.execute(queries.filled(step, **parts), span)

"""Reading what pods ask for and use, from the sums of its days."""

import sqlite3
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from costwatch.warehouse import queries
from costwatch.warehouse.encoding import to_int


class Taken(NamedTuple):  # of a month there are many, and a tuple is made in a fraction of the time
    """One resource over a span, in seconds of cores, bytes or GPUs. None: unknown.

    requested_with_use: what was requested where use is known, too. larger: the larger of request and use,
    step by step; None for GPUs, which are taken whole.
    """

    requested: float | None
    requested_with_use: float | None
    used: float | None
    larger: float | None


class GroupUse(NamedTuple):
    """What one namespace, or one workload with these labels, took; labels is JSON or ''."""

    cluster: str
    namespace: str
    workload_kind: str
    workload: str
    labels: str
    cpu: Taken
    memory: Taken
    gpu: Taken


@dataclass(frozen=True, slots=True)
class ClusterCapacity:
    """What nodes had while they were measured, in seconds of cores, bytes and GPUs. None: unknown.

    expected_seconds: how long they lived, all together; of these, measured_seconds are known.
    """

    cpu: float | None
    memory: float | None
    gpu: float | None
    measured_seconds: float
    expected_seconds: float


def days_held(db: sqlite3.Connection) -> tuple[date, date] | None:
    """The first and the last UTC day of which usage is held; None: none ever was."""
    (row,) = queries.rows(db, "usage_days_held")
    return (date.fromisoformat(row["first"]), date.fromisoformat(row["last"])) if row["first"] else None


def use_of(db: sqlite3.Connection, first: date, after: date, grain: str) -> list[GroupUse]:
    """What was taken on the UTC days ``first`` up to ``after``. grain: one of ``summary.GRAINS``."""
    found = queries.rows(db, "usage", {"grain": grain, "first": to_int(first), "after": to_int(after)})
    return [
        GroupUse(
            row["cluster"],
            row["namespace"],
            row["workload_kind"],
            row["workload"],
            row["labels"],
            _taken(row, "cpu", row["cpu"]),
            _taken(row, "memory", row["memory"]),
            _taken(row, "gpu", None),
        )
        for row in found
    ]


def _taken(row: sqlite3.Row, of: str, larger: float | None) -> Taken:
    return Taken(row[f"{of}_requested"], row[f"{of}_with_use"], row[f"{of}_used"], larger)


def capacity_of(db: sqlite3.Connection, first: date, after: date) -> dict[str, ClusterCapacity]:
    """By cluster, of the same days; without one whose nodes nobody told of."""
    return {
        row["cluster"]: ClusterCapacity(
            row["cpu"],
            row["memory"],
            row["gpu"],
            row["measured_seconds"] or 0.0,
            row["expected_seconds"] or 0.0,
        )
        for row in queries.rows(db, "usage_capacity", {"first": to_int(first), "after": to_int(after)})
    }


def names(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Rows of everything that is known together: what ``GroupUse`` is told apart by."""
    return queries.rows(db, "usage_names")

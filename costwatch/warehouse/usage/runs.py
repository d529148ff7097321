"""Reading what Jobs and pods with a run id held, and how Jobs went."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from costwatch.cost.runs import JobDay, UseDay, Workload
from costwatch.model import Window
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, from_text
from costwatch.warehouse.intake.runs import window_columns


def job_days(db: sqlite3.Connection, window: Window, label: str) -> list[JobDay]:
    """Of the UTC days of ``window``. label: of pods, that names their run."""
    return [
        JobDay(
            from_int(row["day"]),
            _workload(row),
            row["job"] or "",
            str(row["run_id"]),
            _instant(row["started_at"]),
            _instant(row["ended_at"]),
            row["outcome"] or "",
            row["core_seconds"] or 0.0,
            row["gpu_seconds"] or 0.0,
        )
        for row in queries.rows(db, "job_days", _asked(window, label))
    ]


def run_uses(db: sqlite3.Connection, window: Window, label: str) -> list[UseDay]:
    """The same of workloads that have runs, by run id."""
    return [
        UseDay(
            from_int(row["day"]),
            _workload(row),
            str(row["run_id"]),
            row["core_seconds"] or 0.0,
            row["gpu_seconds"] or 0.0,
        )
        for row in queries.rows(db, "run_uses", _asked(window, label))
    ]


def _asked(window: Window, label: str) -> Mapping[str, str]:
    return {**window_columns(window), "path": f'$."{label}"'}


def _workload(row: sqlite3.Row) -> Workload:
    return Workload(*(row[name] or "" for name in ("cluster", "namespace", "workload_kind", "workload")))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)

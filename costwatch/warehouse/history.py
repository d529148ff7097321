"""What small tables said at earlier instants: ``<table>_history`` has a row for each change."""

import sqlite3
from datetime import datetime
from typing import NamedTuple

from costwatch.warehouse import queries
from costwatch.warehouse.encoding import to_text


class _Columns(NamedTuple):
    keys: str
    values: str  # the first is never NULL while the row is there


_TABLES = {
    "budget": _Columns("name", "team, metric, period, BillingCurrency, amount_nano, include"),
    "day_state": _Columns("source, day", "state"),
    "membership": _Columns("team, since", "until, x_Parent, x_CostCenter, chain"),
    "source": _Columns("name", "role, data_through, passed, late_after_days"),
    "unit_cost": _Columns("name", "settings"),
}


def note(db: sqlite3.Connection, table: str, now: datetime) -> None:
    """Keep what ``table`` says as known at ``now``, in the transaction that changed it.

    What was kept of the same instant is replaced: a command that runs twice with one --now ran once.
    """
    columns = _TABLES[table]
    sql = queries.filled(
        "note_history",
        table=table,
        keys=columns.keys,
        values=columns.values,
        nothing=", ".join("NULL" for _ in columns.values.split(",")),
        as_known=_as_known(table),
    )
    db.execute(sql, {"as_of": to_text(now)})


def table_as_of(table: str, as_of: datetime | None) -> str:
    """What to read ``FROM`` instead of ``table``, to have it as it was at ``as_of``, bound as ``:as_of``."""
    return table if as_of is None else f"({_as_known(table)})"


def _as_known(table: str) -> str:
    columns = _TABLES[table]
    return queries.filled(
        "as_known",
        table=table,
        keys=columns.keys,
        values=columns.values,
        present=columns.values.split(",")[0],
    )

"""What sources of role ``check`` say of each day, beside the bill."""

import sqlite3
from collections.abc import Collection, Sequence

from costwatch.warehouse.days import to_int
from costwatch.warehouse.loads import StoredLoad, newest_loads

# day, ServiceName, ChargeCategory, BillingCurrency, BilledCostNano, EffectiveCostNano, estimated
Checked = tuple[int | str, ...]


def due(db: sqlite3.Connection, sources: Collection[str]) -> list[StoredLoad]:
    """The newest loads of ``sources`` whose daily sums are not stored yet."""
    stored = {row["load"] for row in db.execute("SELECT DISTINCT load FROM check_cost")}
    return [load for load in newest_loads(db, sources) if load.id not in stored]


def store(db: sqlite3.Connection, load: StoredLoad, rows: Sequence[Checked]) -> None:
    """Replace what its source said of a billing period before."""
    period = to_int(load.period)
    db.execute("DELETE FROM check_cost WHERE period = ? AND source = ?", (period, load.source))
    db.executemany(
        "INSERT INTO check_cost VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(period, load.source, *row, load.id) for row in rows],
    )


def forget_others(db: sqlite3.Connection, sources: Collection[str]) -> None:
    """Drop what sources said that are no check any more."""
    for row in db.execute("SELECT DISTINCT source FROM check_cost").fetchall():
        if row["source"] not in sources:
            db.execute("DELETE FROM check_cost WHERE source = ?", (row["source"],))

"""What nodes cost by day, as the bill has it: published with the periods, asked for by days."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection
from datetime import date

from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, to_int

# pool, ResourceId, day, BillingCurrency, EffectiveCostNano
NodeCostDay = tuple[str, str, int, str, int]


def instances(db: sqlite3.Connection) -> Collection[str]:
    """The resource ids of all nodes that were ever measured, as their cluster has them."""
    if not has_table(db, "node_days"):
        return ()
    return {row["instance"] for row in db.execute("SELECT DISTINCT instance FROM x_node_days")} - {"", None}


def has_table(db: sqlite3.Connection, name: str) -> bool:
    """Whether rows of the table that a collector declares by that name were ever stored in the warehouse."""
    sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'x_' || ?"
    return db.execute(sql, (name,)).fetchone() is not None


def between(db: sqlite3.Connection, first: date, after: date) -> dict[tuple[str, date], dict[str, int]]:
    """ResourceId and day -> BillingCurrency -> EffectiveCostNano."""
    found: dict[tuple[str, date], dict[str, int]] = defaultdict(dict)
    for row in queries.rows(db, "node_costs", {"first": to_int(first), "after": to_int(after)}):
        found[row["ResourceId"], from_int(row["day"])][row["BillingCurrency"]] = row["EffectiveCostNano"]
    return dict(found)

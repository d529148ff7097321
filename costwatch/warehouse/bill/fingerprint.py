"""What the sums of a published period cannot tell: whether its facts, and their names, are as they were."""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from itertools import chain

from costwatch.model import NO_SYSTEM
from costwatch.warehouse import queries

# What belongs to no system, or has no unit or tags, is hashed as it was before there were any. What kind a
# charge is follows from its category and class.
_SLICES = (
    "SELECT id, source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId,"
    " ChargeCategory, ChargeClass, x_UsageType, BillingCurrency, x_Pool, x_System,"
    f" CASE PricingUnit WHEN '' THEN '{NO_SYSTEM}' ELSE 'unit ' || PricingUnit END,"
    f" CASE AllocatedTags WHEN '' THEN '{NO_SYSTEM}' ELSE 'tags ' || AllocatedTags END"
    " FROM slice ORDER BY id"
)
_NAMES = (
    "SELECT * FROM team WHERE id IN (SELECT team FROM cost_day WHERE period = ?) ORDER BY id",
    "SELECT * FROM service WHERE id IN (SELECT service FROM cost_day WHERE period = ?) ORDER BY id",
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the facts of a period weigh, all of them together, and which slices they are of."""

    sums: tuple[int | None, ...]
    slices: tuple[int, ...]


def sql_of_weights(facts: str) -> str:
    """The SQL of ``Weighed.sums``, for SQLite and for the engine that computes facts.

    facts: what follows FROM, with the columns of ``team_cost``.
    """
    return queries.filled("weighed_facts", facts=facts)


def weighed(db: sqlite3.Connection, period: int) -> Weighed:
    """Of the facts as they are stored, which are all read."""
    stored = "team_cost WHERE period = ?"
    sums = db.execute(sql_of_weights(stored), (period,)).fetchone()
    slices = db.execute(f"SELECT DISTINCT slice FROM {stored}", (period,))
    return Weighed(tuple(sums), tuple(row["slice"] for row in slices))


def fingerprint(db: sqlite3.Connection, period: int, of: Weighed) -> str:
    """SHA-256 over what the facts weigh and over every row that names them."""
    known = set(of.slices)
    slices = (row for row in db.execute(_SLICES) if row["id"] in known)
    others = (row for sql in _NAMES for row in db.execute(sql, (period,)))
    digest = hashlib.sha256()
    for row in chain([of.sums], slices, others):
        told = [value for value in row if value != NO_SYSTEM]
        digest.update(json.dumps(told[:-2] if told[-2:] == [None, None] else told).encode())
    return digest.hexdigest()

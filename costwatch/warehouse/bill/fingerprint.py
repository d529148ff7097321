"""What the sums of a published period cannot tell: whether its facts, and their names, are as they were."""

import hashlib
import json
import sqlite3

# The slice of each fact weighed by what the fact holds: small enough for 64 bits, never by 0.
_FACTS = """
SELECT SUM(slice * (ABS(BilledCostNano % 10007) + 1)), SUM(slice * (ABS(EffectiveCostNano % 10007) + 1)),
  SUM(slice * (day % 100 * 50 + team % 50 + 1)), SUM(slice * (service % 10007 + 1)), COUNT(*)
FROM team_cost WHERE period = ?
"""
_NAMES = (
    "SELECT * FROM slice WHERE id IN (SELECT slice FROM team_cost WHERE period = ?) ORDER BY id",
    "SELECT * FROM team WHERE id IN (SELECT team FROM cost_day WHERE period = ?) ORDER BY id",
    "SELECT * FROM service WHERE id IN (SELECT service FROM cost_day WHERE period = ?) ORDER BY id",
)


def fingerprint(db: sqlite3.Connection, period: int) -> str:
    """SHA-256 over weighed sums of the facts and over every row that names them."""
    digest = hashlib.sha256()
    for sql in (_FACTS, *_NAMES):
        for row in db.execute(sql, (period,)):
            digest.update(json.dumps(list(row)).encode())
    return digest.hexdigest()

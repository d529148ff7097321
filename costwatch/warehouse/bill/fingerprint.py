"""What the sums of a published period cannot tell: whether its facts, and their names, are as they were."""

import hashlib
import json
import sqlite3

from costwatch.model import NO_SYSTEM
from costwatch.warehouse import queries

_NAMES = (
    # What belongs to no system, or has no unit, is hashed as it was before there were any. What kind a charge
    # is follows from its category and class.
    "SELECT id, source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId,"
    " ChargeCategory, ChargeClass, x_UsageType, BillingCurrency, x_Pool, x_System,"
    f" CASE PricingUnit WHEN '' THEN '{NO_SYSTEM}' ELSE 'unit ' || PricingUnit END"
    " FROM slice WHERE id IN (SELECT slice FROM team_cost WHERE period = ?) ORDER BY id",
    "SELECT * FROM team WHERE id IN (SELECT team FROM cost_day WHERE period = ?) ORDER BY id",
    "SELECT * FROM service WHERE id IN (SELECT service FROM cost_day WHERE period = ?) ORDER BY id",
)


def fingerprint(db: sqlite3.Connection, period: int) -> str:
    """SHA-256 over weighed sums of the facts and over every row that names them."""
    digest = hashlib.sha256()
    for sql in (queries.text("weighed_facts"), *_NAMES):
        for row in db.execute(sql, (period,)):
            told = [value for value in row if value != NO_SYSTEM]
            digest.update(json.dumps(told[:-2] if told[-2:] == [None, None] else told).encode())
    return digest.hexdigest()

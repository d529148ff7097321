"""Loads as they were registered: what their files held, to be held against what is left of them."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from costwatch.model import METRICS
from costwatch.proof.bill import RESTORE, Amounts, Counted, Discrepancy, Registered
from costwatch.warehouse.encoding import from_int

UNREADABLE = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


def day_text(number: int) -> str:
    """A stored day in ISO; where it is none, as it is stored."""
    try:
        return from_int(number).isoformat()
    except (OverflowError, ValueError):
        return str(number)


def loads(
    db: sqlite3.Connection, published: Iterable[sqlite3.Row], bounds: Mapping[str, int]
) -> Iterator[Registered | Discrepancy]:
    """Those that ``published`` rows and checks within ``bounds`` rest on; an unreadable one is a finding."""
    used = [(row["period"], "bill", number) for row in published for number in _numbers(row["loads"])]
    checks = db.execute(
        "SELECT DISTINCT period, load FROM check_cost WHERE period BETWEEN :first AND :last", bounds
    )
    used += [(row["period"], "check", row["load"]) for row in checks]
    known = {row["id"]: row for row in db.execute("SELECT * FROM load")}
    for number, role, load in sorted(used, reverse=True):
        period = day_text(number)
        try:
            registered = _load(known[load], role)
        except UNREADABLE:
            text = f"{period}: load {load}, which it rests on, is not there or cannot be read"
            yield Discrepancy("load", period, f"{text}; {RESTORE}")
            continue
        yield registered
        if (registered.period.isoformat(), known[load]["hash"]) != (period, _hash(registered.files)):
            text = f"{period}: load {load} names another period, or other files than its hash is of"
            yield Discrepancy("load", period, f"{text}; {RESTORE}")


def _numbers(text: str) -> list[int]:
    """What cannot be read names no load: then the period has lost its lines, which is told."""
    try:
        return [int(number) for number in json.loads(text)]
    except UNREADABLE:
        return []


def _load(row: sqlite3.Row, role: str) -> Registered:
    return Registered(
        id=row["id"],
        source=row["source"],
        role=role,
        period=from_int(row["period"]),
        format=row["format"],
        files=tuple(json.loads(row["files"])),
        names={digest: name for name, _, digest in json.loads(row["delivered"])},
        totals={currency: _counted(told) for currency, told in json.loads(row["totals"]).items()},
    )


def _counted(told: Mapping[str, Any]) -> Counted:
    return Counted(
        Amounts(told["BilledCostNano"], told["EffectiveCostNano"], told["line_count"]),
        {metric: Decimal(told[f"{metric}Control"]) for metric in METRICS},
    )


def _hash(files: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(files).encode()).hexdigest()

"""Loads as they were registered: what their files held, to be held against what is left of them."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from costwatch.errors import WarehouseError
from costwatch.model import Load, Role
from costwatch.proof.bill import Check, Discrepancy
from costwatch.warehouse.bill.loads import load_of
from costwatch.warehouse.encoding import from_int
from costwatch.wording import RESTORE

UNREADABLE = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


def day_text(number: int) -> str:
    """A stored day in ISO; where it is none, as it is stored."""
    try:
        return from_int(number).isoformat()
    except (OverflowError, ValueError):
        return str(number)


def loads(
    db: sqlite3.Connection, published: Iterable[sqlite3.Row], bounds: Mapping[str, int]
) -> Iterator[Load | Discrepancy]:
    """Those that ``published`` rows and checks within ``bounds`` rest on; an unreadable one is a finding."""
    used = [(row["period"], Role.BILL, number) for row in published for number in _numbers(row["loads"])]
    checks = db.execute(
        "SELECT DISTINCT period, load FROM check_cost WHERE period BETWEEN :first AND :last", bounds
    )
    used += [(row["period"], Role.CHECK, row["load"]) for row in checks]
    known = {row["id"]: row for row in db.execute("SELECT * FROM load")}
    for number, role, load in sorted(used, reverse=True):
        period = day_text(number)
        try:
            registered = replace(load_of(known[load]), role=role)
        except (KeyError, WarehouseError):
            text = f"{period}: load {load}, which it rests on, is not there or cannot be read"
            yield Discrepancy(Check.LOAD, period, f"{text}; {RESTORE}")
            continue
        yield registered
        if (registered.period.isoformat(), known[load]["hash"]) != (period, _hash(registered.files)):
            text = f"{period}: load {load} names another period, or other files than its hash is of"
            yield Discrepancy(Check.LOAD, period, f"{text}; {RESTORE}")


def _numbers(text: str) -> list[int]:
    """What cannot be read names no load: then the period has lost its lines, which is told."""
    try:
        return [int(number) for number in json.loads(text)]
    except UNREADABLE:
        return []


def _hash(files: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(files).encode()).hexdigest()

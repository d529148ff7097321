"""What was delivered of bills: loads."""

import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from costwatch.errors import WarehouseError
from costwatch.model import METRICS, Amounts, Counted, Load, LoadFinding, LoadFindingKind
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, to_int
from costwatch.wording import RESTORE


def newest_loads(db: sqlite3.Connection, sources: Collection[str]) -> list[Load]:
    """The latest load of each source and billing period, by period, then source."""
    found = db.execute(
        "SELECT * FROM load WHERE id IN (SELECT MAX(id) FROM load GROUP BY source, period)"
        " ORDER BY period, source"
    )
    return [load_of(row) for row in found if row["source"] in sources]


def loads_of(db: sqlite3.Connection, source: str) -> dict[int, Load]:
    """All loads that one source ever delivered, by their numbers."""
    return {row["id"]: load_of(row) for row in db.execute("SELECT * FROM load WHERE source = ?", (source,))}


def stored_loads(db: sqlite3.Connection, ids: Collection[int]) -> list[Load]:
    """Loads by their numbers, by source."""
    places = ", ".join("?" * len(ids))
    found = db.execute(f"SELECT * FROM load WHERE id IN ({places}) ORDER BY source", tuple(ids))
    return [load_of(row) for row in found]


@dataclass(frozen=True, slots=True)
class OddLoad:
    """A published load that something is odd about. See ``Load``."""

    source: str
    period: date
    period_end: date
    unamortised: tuple[str, ...]
    findings: tuple[LoadFinding, ...]


def odd_loads(db: sqlite3.Connection) -> list[OddLoad]:
    """Of the published bill, newest billing period first; what cannot be read is left to ``cost verify``."""
    found = []
    for row in queries.rows(db, "load_findings"):
        try:
            if row["id"] in json.loads(row["loads"]):
                first, end = from_int(row["period"]), from_int(row["period_end"])
                left = tuple(json.loads(row["unamortised"] or "[]"))
                found.append(OddLoad(row["source"], first, end, left, _findings(row["findings"])))
        except (TypeError, ValueError):
            continue
    return found


def load_of(row: sqlite3.Row) -> Load:
    """A load from all columns of its row. Raises WarehouseError where they cannot be read."""
    try:
        return Load(
            id=row["id"],
            source=row["source"],
            period=from_int(row["period"]),
            period_end=from_int(row["period_end"]),
            digest=row["hash"],
            format=row["format"],
            files=tuple(json.loads(row["files"])),
            accounts=tuple(json.loads(row["accounts"])),
            totals={currency: _counted(of) for currency, of in json.loads(row["totals"]).items()},
            delivered=tuple((name, size, digest) for name, size, digest in json.loads(row["delivered"])),
            findings=_findings(row["findings"]),
            unamortised=None if row["unamortised"] is None else tuple(json.loads(row["unamortised"])),
        )
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise WarehouseError(f"load {row['id']}: its row cannot be read; {RESTORE}") from error


def _counted(of: Mapping[str, Any]) -> Counted:
    return Counted(
        Amounts(of["BilledCostNano"], of["EffectiveCostNano"], of["line_count"]),
        {metric: Decimal(of[f"{metric}Control"]) for metric in METRICS},
    )


def _findings(text: str) -> tuple[LoadFinding, ...]:
    return tuple(_finding(*told) for told in json.loads(text))


def _finding(kind: str, currency: str, billed: int, effective: int, lines: int, text: str) -> LoadFinding:
    return LoadFinding(LoadFindingKind(kind), text, currency, Amounts(billed, effective, lines))


def _finding_as_json(found: LoadFinding) -> list[str | int]:
    of = found.amounts
    return [found.kind, found.currency, of.BilledCostNano, of.EffectiveCostNano, of.line_count, found.text]


def _as_json(counted: Counted) -> dict[str, int | str]:
    return {**asdict(counted.amounts), **{f"{name}Control": str(of) for name, of in counted.control.items()}}


def record_load(db: sqlite3.Connection, source: str, load: Load) -> bool:
    """Record a load unless it is what that period already holds; says whether it is new.

    One that was registered before deliveries were looked at closely is replaced by an equal one.
    """
    newest = db.execute(
        "SELECT hash, unamortised FROM load WHERE source = ? AND period = ? ORDER BY id DESC LIMIT 1",
        (source, to_int(load.period)),
    ).fetchone()
    if newest is not None and newest["hash"] == load.digest and newest["unamortised"] is not None:
        return False
    db.execute(
        "INSERT INTO load (source, period, period_end, hash, format, files, accounts, line_count, totals,"
        " delivered, findings, unamortised) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            source,
            to_int(load.period),
            to_int(load.period_end),
            load.digest,
            load.format,
            json.dumps(list(load.files)),
            json.dumps(list(load.accounts)),
            load.line_count,
            json.dumps({currency: _as_json(of) for currency, of in load.totals.items()}, sort_keys=True),
            json.dumps(load.delivered),
            json.dumps([*map(_finding_as_json, load.findings)]),
            None if load.unamortised is None else json.dumps(load.unamortised),
        ),
    )
    return True

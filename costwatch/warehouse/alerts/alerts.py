"""Alerts as evaluate keeps them, and the log of what became of them."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from pydantic import TypeAdapter

from costwatch.model import About, Alert, AlertState, Driver, Impact, Severity, Verdict, labels
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text
from costwatch.wording import digits

# Columns that hold JSON, or NULL where there is nothing; their names are the alert's.
_JSON: Mapping[str, Any] = {
    "about": About,
    "impact": Impact,
    "drivers": tuple[Driver, ...],
    "annotations": dict[str, str],
}


def current_alerts(db: sqlite3.Connection, since: datetime, owed: Collection[str] = ()) -> dict[str, Alert]:
    """Alerts by fingerprint: pending, firing, those resolved since ``since``, and those ``owed``."""
    asked = {"since": to_text(since), "owed": json.dumps(sorted(owed))}
    rows = queries.rows(db, "current_alerts", asked)
    return {row["fingerprint"]: alert_of(row) for row in rows}


def save(
    db: sqlite3.Connection,
    changed: Iterable[Alert],
    gone: Iterable[str],
    events: Iterable[tuple[datetime, Alert]],
) -> None:
    """Store alerts as they are now, forget those ``gone``, and append ``events`` to the log."""
    db.executemany(
        queries.text("save_alert"),
        map(_row, changed),
    )
    db.executemany("DELETE FROM alert WHERE fingerprint = ?", ((key,) for key in gone))
    db.executemany(
        queries.text("append_alert_event"),
        ({**_row(event), "at": to_text(at)} for at, event in events),
    )


def newest_event(db: sqlite3.Connection) -> int:
    """The newest entry of the log; 0: none."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM alert_event").fetchone()[0])


def changes(db: sqlite3.Connection, since: datetime) -> dict[str, list[datetime]]:
    """By fingerprint, when alerts began to fire and were over since ``since``, in turns, the oldest first."""
    found: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for row in db.execute(queries.text("newest_changes")):
        at = from_text(row["at"])
        if at <= since:
            break
        found[row["fingerprint"]].append((row["state"], at))
    return {key: _turns(newest_first) for key, newest_first in found.items() if len(newest_first) > 1}


def _turns(newest_first: list[tuple[str, datetime]]) -> list[datetime]:
    """Only what changes the state: a corrected text, or more severity, is no change."""
    return [next(same)[1] for _, same in groupby(reversed(newest_first), key=itemgetter(0))]


def keep_rules(db: sqlite3.Connection, text: str, now: datetime) -> None:
    """Remember a rules file that has no mistake."""
    _keep_file(db, "rules_file", text, now)


def kept_rules(db: sqlite3.Connection) -> str | None:
    """The last rules file that had no mistake; None: there was none yet."""
    return _kept_file(db, "rules_file")


def keep_config(db: sqlite3.Connection, text: str, now: datetime) -> None:
    """Remember a costwatch.yaml that has no mistake."""
    _keep_file(db, "config_file", text, now)


def kept_config(db: sqlite3.Connection) -> str | None:
    """The last costwatch.yaml that had no mistake; None: there was none yet."""
    return _kept_file(db, "config_file")


def _keep_file(db: sqlite3.Connection, table: str, text: str, now: datetime) -> None:
    if _kept_file(db, table) != text:
        db.execute(f"DELETE FROM {table}")
        db.execute(f"INSERT INTO {table} VALUES (?, ?)", (text, to_text(now)))


def _kept_file(db: sqlite3.Connection, table: str) -> str | None:
    row = db.execute(f"SELECT text FROM {table}").fetchone()
    return None if row is None else str(row["text"])


def evaluated_at(db: sqlite3.Connection) -> dict[str, datetime]:
    """When each rule was last evaluated (UTC), or it was tried."""
    rows = db.execute("SELECT rule, at FROM evaluation ORDER BY rule")
    return {row["rule"]: from_text(row["at"]) for row in rows}


def save_evaluations(db: sqlite3.Connection, errors: Mapping[str, str], now: datetime) -> None:
    """Record that these rules were evaluated (rule -> error or empty), and no others."""
    db.execute(queries.text("forget_evaluations"), {"rules": json.dumps(sorted(errors))})
    db.executemany(
        queries.text("save_evaluation"),
        ({"rule": rule, "at": to_text(now), "error": error} for rule, error in sorted(errors.items())),
    )


def _row(alert: Alert) -> dict[str, str | None]:
    return {
        "fingerprint": alert.fingerprint,
        "rule": alert.rule,
        "severity": str(alert.severity),
        "labels": json.dumps(dict(alert.labels), sort_keys=True),
        "state": str(alert.state),
        "value": None if alert.value is None else digits(alert.value),
        "threshold": None if alert.threshold is None else digits(alert.threshold),
        "unit": alert.unit,
        "summary": alert.summary,
        "runbook": alert.runbook,
        "evidence": json.dumps(alert.evidence, sort_keys=True),
        "active_at": to_text(alert.active_at),
        "fired_at": _maybe_text(alert.fired_at),
        "resolved_at": _maybe_text(alert.resolved_at),
        "keep_firing_since": _maybe_text(alert.keep_firing_since),
        "verdict": str(alert.verdict),
        "change": None if alert.change is None else digits(alert.change),
        **{
            name: _form(name).dump_json(found).decode() if (found := getattr(alert, name)) else None
            for name in _JSON
        },
    }


def alert_of(row: sqlite3.Row) -> Alert:
    """An alert from all columns of its row."""
    return Alert(
        fingerprint=row["fingerprint"],
        rule=row["rule"],
        severity=Severity(row["severity"]),
        labels=labels(**json.loads(row["labels"])),
        state=AlertState(row["state"]),
        value=None if row["value"] is None else Decimal(row["value"]),
        threshold=None if row["threshold"] is None else Decimal(row["threshold"]),
        unit=row["unit"],
        summary=row["summary"],
        runbook=row["runbook"],
        evidence=json.loads(row["evidence"]),
        active_at=from_text(row["active_at"]),
        fired_at=_maybe_instant(row["fired_at"]),
        resolved_at=_maybe_instant(row["resolved_at"]),
        keep_firing_since=_maybe_instant(row["keep_firing_since"]),
        verdict=Verdict(row["verdict"]),
        change=None if row["change"] is None else Decimal(row["change"]),
        **{name: _form(name).validate_json(row[name]) for name in _JSON if row[name] is not None},
    )


@cache
def _form(name: str) -> TypeAdapter[Any]:
    """Built when it is first needed: it takes time, and most alerts have few of these."""
    return TypeAdapter(_JSON[name])


def _maybe_text(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)


def _maybe_instant(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)

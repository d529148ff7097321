"""When groups of alerts are told, and when messages were last planned."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from costwatch.alerts.timing import GroupTimer
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text

Place = tuple[str, str]  # a conversation: receiver and group key


@dataclass(frozen=True, slots=True)
class LastPlan:
    """When messages were last planned, in UTC, from all entries of the alert log up to ``event``."""

    at: datetime
    event: int


def alert_groups(db: sqlite3.Connection) -> dict[Place, GroupTimer]:
    """Those with an alert that fires, or with more to tell."""
    return {(row["receiver"], row["group_key"]): _timer(row) for row in queries.rows(db, "alert_groups")}


def save_groups(db: sqlite3.Connection, changed: Mapping[Place, GroupTimer], gone: Iterable[Place]) -> None:
    """Keep these, and forget those that are ``gone``."""
    db.executemany("DELETE FROM alert_group WHERE receiver = ? AND group_key = ?", gone)
    rows = [
        {
            "receiver": receiver,
            "key": key,
            "began_at": to_text(timer.began_at),
            "seen_at": to_text(timer.seen_at),
            "flushed_at": to_text(timer.flushed_at) if timer.flushed_at else None,
        }
        for (receiver, key), timer in changed.items()
    ]
    db.executemany(queries.text("put_alert_group"), rows)


def last_plan(db: sqlite3.Connection) -> LastPlan | None:
    """None: no message was ever planned."""
    row = db.execute("SELECT planned_at, event FROM delivery_plan").fetchone()
    return None if row is None else LastPlan(from_text(row["planned_at"]), row["event"])


def save_plan(db: sqlite3.Connection, plan: LastPlan) -> None:
    """In place of the one before."""
    db.execute("DELETE FROM delivery_plan")
    db.execute("INSERT INTO delivery_plan VALUES (?, ?)", (to_text(plan.at), plan.event))


def fired_since_planned(db: sqlite3.Connection) -> frozenset[str]:
    """Fingerprints of alerts that fired after messages were last planned."""
    return frozenset(row["fingerprint"] for row in queries.rows(db, "fired_since_planned"))


def _timer(row: sqlite3.Row) -> GroupTimer:
    flushed_at = row["flushed_at"]
    times = from_text(row["began_at"]), from_text(row["seen_at"])
    return GroupTimer(*times, from_text(flushed_at) if flushed_at else None)

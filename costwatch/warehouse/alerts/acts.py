"""What people said of alerts: that they see to one, and whether it was worth it."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from costwatch.model import Acknowledge, Alert, Feedback
from costwatch.warehouse import queries
from costwatch.warehouse.alerts.alerts import alert_of
from costwatch.warehouse.encoding import from_text, to_text


def fired_alert(db: sqlite3.Connection, fingerprint: str) -> tuple[Alert, datetime] | None:
    """The alert and since when it fires, or fired last; None: no such alert ever fired."""
    row = db.execute("SELECT * FROM alert WHERE fingerprint = ?", (fingerprint,)).fetchone()
    alert = None if row is None else alert_of(row)
    return None if alert is None or alert.fired_at is None else (alert, alert.fired_at)


def save_ack(db: sqlite3.Connection, ack: Acknowledge, fired_at: datetime, now: datetime) -> None:
    """Keep that someone sees to this firing of an alert."""
    db.execute(
        "INSERT INTO ack VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (ack.fingerprint, to_text(fired_at), ack.who, ack.comment, to_text(now)),
    )


@dataclass(frozen=True, slots=True)
class Ack:
    """Who sees to an alert, and since when (UTC) they say so."""

    who: str
    at: datetime
    comment: str


def acks(db: sqlite3.Connection, now: datetime) -> dict[tuple[str, datetime | None], Ack]:
    """Who last said so, by fingerprint and ``fired_at`` of what fires now; none later than ``now``."""
    return {
        (row["fingerprint"], from_text(row["fired_at"])): Ack(
            row["who"], min(from_text(row["at"]), now), row["comment"]
        )
        for row in queries.rows(db, "acks")
    }


def save_feedback(db: sqlite3.Connection, feedback: Feedback, fired_at: datetime, now: datetime) -> None:
    """Keep what a person says of this firing of an alert, in place of what they said before."""
    row = {"fingerprint": feedback.fingerprint, "fired_at": to_text(fired_at), "who": feedback.who}
    row |= {"worth": str(feedback.worth), "comment": feedback.comment, "at": to_text(now)}
    db.execute(queries.text("save_feedback"), row)

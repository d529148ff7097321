"""What people said of alerts: that they see to one, whether it was worth it; and the log of who did what."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from costwatch.model import Acknowledge, ActRecord, Alert, Feedback, Worth
from costwatch.warehouse import queries
from costwatch.warehouse.alerts.alerts import alert_of
from costwatch.warehouse.encoding import from_text, to_text


@dataclass(frozen=True, slots=True)
class Ack:
    """Who sees to an alert, and since when (UTC) they say so."""

    who: str
    at: datetime
    comment: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person last said of one firing of an alert. Times in UTC."""

    worth: Worth
    who: str
    at: datetime
    fired_at: datetime
    comment: str


def alerts_like(db: sqlite3.Connection, fingerprint: str) -> list[Alert]:
    """The alert with this fingerprint, else those whose fingerprints begin so; three at most."""
    rows = list(db.execute("SELECT * FROM alert WHERE fingerprint = ?", (fingerprint,)))
    if not rows and fingerprint.isalnum():
        sql = "SELECT * FROM alert WHERE fingerprint GLOB ? || '*' ORDER BY fingerprint LIMIT 3"
        rows = list(db.execute(sql, (fingerprint,)))
    return [alert_of(row) for row in rows]


def save_ack(db: sqlite3.Connection, ack: Acknowledge, fired_at: datetime, now: datetime) -> bool:
    """Keep that someone sees to this firing of an alert, as of now; whether it is news."""
    row = {"fingerprint": ack.fingerprint, "fired_at": to_text(fired_at), "who": ack.who}
    row |= {"comment": ack.comment, "at": to_text(now)}
    return db.execute(queries.text("save_ack"), row).rowcount > 0


def acks(db: sqlite3.Connection, now: datetime) -> dict[tuple[str, datetime | None], Ack]:
    """Who last said so, by fingerprint and ``fired_at`` of what fires now; none later than ``now``."""
    return {
        (row["fingerprint"], from_text(row["fired_at"])): Ack(
            row["who"], min(from_text(row["at"]), now), row["comment"]
        )
        for row in queries.rows(db, "acks")
    }


def save_feedback(db: sqlite3.Connection, feedback: Feedback, fired_at: datetime, now: datetime) -> bool:
    """Keep what a person says of this firing of an alert in place of what they said; whether it is news."""
    row = {"fingerprint": feedback.fingerprint, "fired_at": to_text(fired_at), "who": feedback.who}
    row |= {"worth": str(feedback.worth), "comment": feedback.comment, "at": to_text(now)}
    return db.execute(queries.text("save_feedback"), row).rowcount > 0


def feedback(db: sqlite3.Connection, fingerprint: str) -> list[Answer]:
    """What people last said of each firing of an alert, the newest first."""
    return [
        Answer(
            Worth(row["worth"]), row["who"], from_text(row["at"]), from_text(row["fired_at"]), row["comment"]
        )
        for row in queries.rows(db, "feedback", {"fingerprint": fingerprint})
    ]


def record_act(db: sqlite3.Connection, act: ActRecord) -> None:
    """Append to the log of who did what."""
    row: Mapping[str, str | None] = {
        "at": to_text(act.at),
        "who": act.who,
        "what": act.what,
        "fingerprint": act.fingerprint,
        "silence": act.silence,
        "matchers": json.dumps(act.matchers),
        "until": None if act.until is None else to_text(act.until),
        "comment": act.comment,
    }
    db.execute(queries.text("append_act"), row)


def recorded_acts(db: sqlite3.Connection, since: datetime) -> list[ActRecord]:
    """Who did what since then, the oldest first."""
    rows = queries.rows(db, "acts", {"since": to_text(since)})
    return [
        ActRecord(
            at=from_text(row["at"]),
            who=row["who"],
            what=row["what"],
            fingerprint=row["fingerprint"],
            comment=row["comment"],
            silence=row["silence"],
            matchers=tuple(json.loads(row["matchers"])),
            until=None if row["until"] is None else from_text(row["until"]),
        )
        for row in rows
    ]

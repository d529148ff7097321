"""Silences, and the snoozes of single alerts."""

import json
import sqlite3
from dataclasses import asdict
from datetime import datetime

from costwatch.model import Silence
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text


def silences(db: sqlite3.Connection, since: datetime) -> list[Silence]:
    """Those that end after ``since``, the first to end first."""
    return [_silence(row) for row in queries.rows(db, "silences", {"since": to_text(since)})]


def silence_of(db: sqlite3.Connection, id: str) -> Silence | None:
    """The one with this id; None: there is none."""
    row = db.execute("SELECT * FROM silence WHERE id = ?", (id,)).fetchone()
    return None if row is None else _silence(row)


def save_silence(db: sqlite3.Connection, silence: Silence) -> None:
    """Store a silence, or what became of it."""
    row = asdict(silence) | {"matchers": json.dumps(silence.matchers)}
    row |= {"starts_at": to_text(silence.starts_at), "ends_at": to_text(silence.ends_at)}
    db.execute(queries.text("save_silence"), row)


def _silence(row: sqlite3.Row) -> Silence:
    return Silence(
        id=row["id"],
        matchers=tuple(json.loads(row["matchers"])),
        fingerprint=row["fingerprint"],
        starts_at=from_text(row["starts_at"]),
        ends_at=from_text(row["ends_at"]),
        who=row["who"],
        comment=row["comment"],
        expired_by=row["expired_by"],
    )

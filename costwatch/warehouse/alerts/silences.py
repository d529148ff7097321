"""Silences, and alerts that are expected: silences of one alert while its value stays in a band."""

import json
import sqlite3
from datetime import datetime, timedelta
from decimal import Decimal

from costwatch.model import ActRecord, Band, Silence
from costwatch.warehouse import queries
from costwatch.warehouse.alerts.acts import record_act
from costwatch.warehouse.encoding import from_text, to_text
from costwatch.wording import digits

KEPT = timedelta(hours=120)  # how long one that is over can still be looked at and made anew


def silences(db: sqlite3.Connection, since: datetime | None = None) -> list[Silence]:
    """Those that end after ``since`` (None: all that are kept), the first to end first."""
    after = {"since": "" if since is None else to_text(since)}
    return [_silence(row) for row in queries.rows(db, "silences", after)]


def silence_of(db: sqlite3.Connection, id: str) -> Silence | None:
    """The one with this id; None: there is none."""
    row = db.execute("SELECT * FROM silence WHERE id = ?", (id,)).fetchone()
    return None if row is None else _silence(row)


def save_silence(db: sqlite3.Connection, silence: Silence) -> None:
    """Store a silence, or what became of it."""
    band = silence.band
    row = {
        "id": silence.id,
        "matchers": json.dumps(silence.matchers),
        "fingerprint": silence.fingerprint,
        "starts_at": to_text(silence.starts_at),
        "ends_at": to_text(silence.ends_at),
        "who": silence.who,
        "comment": silence.comment,
        "expired_by": silence.expired_by,
        "low": digits(band.low) if band else None,
        "high": digits(band.high) if band else None,
        "unit": band.unit if band else None,
        "left_at_value": None if silence.left_at_value is None else digits(silence.left_at_value),
    }
    db.execute(queries.text("save_silence"), row)


def end_out_of_band(db: sqlite3.Connection, silence: Silence) -> None:
    """What was expected is over as of ``ends_at``: the alert has another value. What is over stays so."""
    found = silence_of(db, silence.id)
    if found is None or found.ends_at <= silence.ends_at:
        return
    save_silence(db, silence)
    comment = f"{silence.who} expected: {silence.comment}"
    act = ActRecord(silence.ends_at, "", "out of band", silence.fingerprint, comment, silence.id)
    record_act(db, act)


def prune_silences(db: sqlite3.Connection, now: datetime) -> None:
    """Forget those that have been over for longer than ``KEPT``, and that no message to come depends on."""
    db.execute(queries.text("prune_silences"), {"before": to_text(now - KEPT)})


def _silence(row: sqlite3.Row) -> Silence:
    band = Band(Decimal(row["low"]), Decimal(row["high"]), row["unit"]) if row["low"] is not None else None
    return Silence(
        id=row["id"],
        matchers=tuple(json.loads(row["matchers"])),
        fingerprint=row["fingerprint"],
        starts_at=from_text(row["starts_at"]),
        ends_at=from_text(row["ends_at"]),
        who=row["who"],
        comment=row["comment"],
        expired_by=row["expired_by"],
        band=band,
        left_at_value=None if row["left_at_value"] is None else Decimal(row["left_at_value"]),
    )

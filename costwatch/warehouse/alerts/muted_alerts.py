"""Which alerts are kept out of which conversation."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from costwatch.warehouse.encoding import from_text, to_text


@dataclass(frozen=True, slots=True)
class MutedAlert:
    """An alert that fires and is muted in one conversation; ``muted_by`` and ``name``: by what."""

    receiver: str
    group_key: str
    fingerprint: str
    fired_at: datetime
    muted_by: str
    name: str


def muted_alerts(db: sqlite3.Connection) -> list[MutedAlert]:
    """As they were when messages were last planned."""
    rows = db.execute("SELECT * FROM muted_alert ORDER BY receiver, group_key, fingerprint")
    return [MutedAlert(**{**dict(row), "fired_at": from_text(row["fired_at"])}) for row in rows]


def replace_muted_alerts(db: sqlite3.Connection, alerts: list[MutedAlert]) -> None:
    """These are muted now, no others."""
    db.execute("DELETE FROM muted_alert")
    rows = [
        (each.receiver, each.group_key, each.fingerprint, to_text(each.fired_at), each.muted_by, each.name)
        for each in alerts
    ]
    db.executemany("INSERT INTO muted_alert VALUES (?, ?, ?, ?, ?, ?)", rows)

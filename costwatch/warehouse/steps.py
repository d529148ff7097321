"""When each step last went through without an error."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from costwatch.warehouse.encoding import from_text, to_text

STEPS = ("collect", "allocate", "evaluate", "deliver", "report")


def note_step(db: sqlite3.Connection, name: str, now: datetime) -> None:
    """One of ``STEPS`` went through at ``now``."""
    db.execute("INSERT OR REPLACE INTO step VALUES (?, ?)", (name, to_text(now)))


def last_worked(db: sqlite3.Connection) -> Mapping[str, datetime]:
    """By step; one that never went through is not there."""
    return {row["name"]: from_text(row["worked_at"]) for row in db.execute("SELECT * FROM step")}

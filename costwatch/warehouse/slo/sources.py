"""Where objectives were collected from."""

import sqlite3


def source_of(db: sqlite3.Connection, slo: str) -> str:
    """The name of the source that asked for it last; '' for one that none did."""
    row = db.execute("SELECT source FROM slo WHERE id = ?", (slo,)).fetchone()
    return str(row["source"]) if row else ""

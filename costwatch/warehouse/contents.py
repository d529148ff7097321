"""What each table holds, as a fingerprint: equal hashes mean equal rows, whatever way they came."""

import hashlib
import json
import sqlite3
from dataclasses import dataclass

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Contents:
    """``sha256`` is over the rows in ascending order of all their columns, each as a line of JSON."""

    row_count: int
    sha256: str


def contents(db: sqlite3.Connection) -> dict[str, Contents]:
    """Every table of ours, by name; the bookkeeping of SQLite and of the migrations is left out."""
    names = db.execute(
        r"SELECT name FROM sqlite_master WHERE type = 'table'"
        r" AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE '\_%' ESCAPE '\' ORDER BY name"
    ).fetchall()
    return {name: _contents(db, name) for (name,) in names}


def _contents(db: sqlite3.Connection, table: str) -> Contents:
    cursor = db.execute(f'SELECT * FROM "{table}" LIMIT 0')
    order = ", ".join(str(number + 1) for number in range(len(cursor.description)))
    rows = db.execute(f'SELECT * FROM "{table}" ORDER BY {order}')
    digest, row_count = hashlib.sha256(), 0
    while batch := rows.fetchmany(_BATCH):
        row_count += len(batch)
        digest.update("".join(json.dumps(list(row)) + "\n" for row in batch).encode())
    return Contents(row_count, digest.hexdigest())

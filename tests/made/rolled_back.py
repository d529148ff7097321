"""Altering a published company for a moment: what one test does to it, the next does not see."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def undone(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction that leaves no trace."""
    db = sqlite3.connect(path, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    finally:
        db.execute("ROLLBACK")
        db.close()

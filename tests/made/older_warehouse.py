"""A warehouse as an earlier version of the schema left it."""

import sqlite3
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from costwatch.warehouse import migrations
from costwatch.warehouse.store import Warehouse

# One published day of one team, as version 1 stores it.
ROWS = """
INSERT INTO team VALUES (1, 'risk');
INSERT INTO service VALUES (1, 'Amazon EC2');
INSERT INTO slice VALUES (1, 'aws', 'AWS', '9', '1', '', '', 'Usage', '', '', 'USD', 'direct');
INSERT INTO load VALUES (1, 'aws', 20261001, 20261101, 'h', 'focus', '[]', '["9"]', 2, '{}');
INSERT INTO team_cost VALUES (20261001, 1, 1, 20261001, 1, 3000000000, 2000000000, 2);
INSERT INTO cost_day VALUES (20261001, 20261001, 1, 1, 'USD', 3000000000, 2000000000, 2);
INSERT INTO team_cost_revision VALUES
  (20261001, 1, 1, 20261001, 1, '2026-10-09T00:00:00Z', 1000000000, 500000000, 'settled', 'delivery');
INSERT INTO day_line VALUES (20261001, 'aws', 20261001, 2);
INSERT INTO published VALUES
  (20261001, 20261101, 'k', '[1]', '{}', '2026-10-05T00:00:00Z', '2026-10-09T00:00:00Z', '{}');
"""

LeftBefore = Callable[[str, str], Warehouse]


def left_before(name: str, path: Path, monkeypatch: pytest.MonkeyPatch, rows: str) -> Warehouse:
    """A warehouse as the version before the migration ``name`` left it, with rows in it."""
    found, number = Warehouse(path), migrations.VERSIONS.index(name)
    with monkeypatch.context() as older:
        older.setattr(migrations, "VERSIONS", migrations.VERSIONS[:number])
        older.setattr(migrations, "LATEST", number)
        found.migrate()
    with sqlite3.connect(path) as db:
        db.executescript(rows)
    db.close()
    return found


def take_back(db: sqlite3.Connection, version: int, made_anew: Collection[str] = ()) -> None:
    """Leave a warehouse of today as that version had it: without tables, indexes and columns of later ones.

    made_anew: tables that a later version copies, and which may stay as they are. What else it made anew,
    such as a table by other keys, is the caller's to take back first.
    """
    then = _schema(version)
    for kind in ("index", "table"):
        for name in _named(db, kind) - _named(then, kind):
            db.execute(f'DROP {kind} "{name}"')
    for table in _named(then, "table") - {*made_anew}:
        for column in _columns(db, table) - _columns(then, table):
            db.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
    db.execute("DELETE FROM _sqlite_migrations WHERE name >= ?", (migrations.VERSIONS[version],))
    db.execute(f"PRAGMA user_version={version}")


def _schema(version: int) -> sqlite3.Connection:
    found = sqlite3.connect(":memory:")
    for name in migrations.VERSIONS[:version]:
        found.executescript((Path(migrations.__file__).with_name(f"{name}.sql")).read_text(encoding="utf-8"))
    return found


def _named(db: sqlite3.Connection, kind: str) -> set[str]:
    rows = db.execute("SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE '%sqlite_%'", (kind,))
    return {row[0] for row in rows}


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM pragma_table_info(?)", (table,))}

"""Markers as they are kept: what sources brought, and what people added by hand."""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass
from datetime import datetime

from costwatch.model import Marker, Window
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text

BY_HAND = "by hand"  # the source of those that people add; none that is configured can have a blank


@dataclass(frozen=True, slots=True)
class StoredMarker(Marker):
    """With its number and where it came from."""

    id: int = 0
    source: str = ""


def replace_markers(db: sqlite3.Connection, source: str, window: Window, found: Iterable[Marker]) -> None:
    """Have exactly ``found`` of a source in ``window``; one that is there already keeps its number."""
    rows = [_row(source, one) for one in found]
    keys = {row[:5] for row in rows}
    span = (source, to_text(window.start), to_text(window.end))
    gone = [
        (row["id"],)
        for row in db.execute("SELECT * FROM marker WHERE source = ? AND at >= ? AND at < ?", span)
        if (row["source"], row["at"], row["kind"], row["title"], row["service"]) not in keys
    ]
    db.executemany("DELETE FROM marker WHERE id = ?", gone)
    _put(db, rows)


def add_marker(db: sqlite3.Connection, marker: Marker) -> StoredMarker:
    """Keep one that a person tells; the same one again stays one."""
    row = _row(BY_HAND, marker)
    _put(db, [row])
    found = db.execute(
        "SELECT * FROM marker WHERE source = ? AND at = ? AND kind = ? AND title = ? AND service = ?", row[:5]
    )
    return _stored(found.fetchone())


def remove_marker(db: sqlite3.Connection, id: int) -> bool:
    """Take one away that a person added; whether there was one."""
    return db.execute("DELETE FROM marker WHERE id = ? AND source = ?", (id, BY_HAND)).rowcount > 0


def forget_markers(db: sqlite3.Connection, before: datetime) -> None:
    """Those of all sources that are older."""
    db.execute("DELETE FROM marker WHERE at < ?", (to_text(before),))


def markers(db: sqlite3.Connection, window: Window, kinds: Collection[str] = ()) -> list[StoredMarker]:
    """Those at an instant of ``window``, oldest first; kinds: only such ones, where any is named."""
    rows = db.execute(
        "SELECT * FROM marker WHERE at >= ? AND at < ? ORDER BY at, id",
        (to_text(window.start), to_text(window.end)),
    )
    return [_stored(row) for row in rows if not kinds or row["kind"] in kinds]


def _put(db: sqlite3.Connection, rows: Iterable[tuple[str, ...]]) -> None:
    db.executemany(queries.text("put_marker"), rows)


def _row(source: str, marker: Marker) -> tuple[str, ...]:
    at, *texts = astuple(marker)[:7]
    return (source, to_text(at), *texts)


def _stored(row: sqlite3.Row) -> StoredMarker:
    return StoredMarker(**{**dict(row), "at": from_text(row["at"])})

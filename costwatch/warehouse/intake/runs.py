"""What was read of each source: versions of its batches, how far each table was read, and every run."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from costwatch.model import Batch, Window
from costwatch.warehouse import history, queries
from costwatch.warehouse.encoding import from_text, to_text

BatchKey = tuple[str, str, str]  # table, start and end of the window as stored, both '' without a window


@dataclass(frozen=True, slots=True)
class Bookmarks:
    """Where reading of a source goes on.

    versions: of every batch stored; '' where only an incomplete answer is. partial: those whose newest answer
    was incomplete. watermarks: table -> up to where it was read without an error (UTC).
    """

    versions: Mapping[BatchKey, str] = field(default_factory=dict)
    partial: frozenset[BatchKey] = frozenset()
    watermarks: Mapping[str, datetime] = field(default_factory=dict)

    def partial_since(self, table: str) -> datetime | None:
        """Where the first window of a table begins that is to be read again, however long ago."""
        starts = [start for name, start, _ in self.partial if name == table and start]
        return from_text(min(starts)) if starts else None


def bookmarks(db: sqlite3.Connection, source: str) -> Bookmarks:
    """See ``Bookmarks``."""
    batches = {
        (row["table_name"], row["window_start"], row["window_end"]): row
        for row in db.execute("SELECT * FROM source_version WHERE source = ?", (source,))
    }
    marks = db.execute("SELECT table_name, window_end FROM watermark WHERE source = ?", (source,))
    return Bookmarks(
        {key: row["version"] for key, row in batches.items()},
        frozenset(key for key, row in batches.items() if row["partial"]),
        {row["table_name"]: from_text(row["window_end"]) for row in marks},
    )


def key_of(batch: Batch) -> BatchKey:
    """By what a batch is known: two hours of a day are two."""
    window = window_columns(batch.window)
    return batch.table, window["window_start"], window["window_end"]


def window_columns(window: Window | None) -> dict[str, str]:
    """``window_start`` and ``window_end`` as they are stored."""
    if window is None:
        return {"window_start": "", "window_end": ""}
    return {"window_start": to_text(window.start), "window_end": to_text(window.end)}


def record_batch(db: sqlite3.Connection, source: str, batch: Batch) -> None:
    """Remember that a batch is stored in place of all inside its window; a partial one is read again."""
    place = _place(source, batch)
    version = "" if batch.is_partial else batch.version
    db.execute(queries.text("forget_batches"), place)
    db.execute(queries.text("record_batch"), {**place, "version": version, "partial": int(batch.is_partial)})


def mark_partial(db: sqlite3.Connection, source: str, batch: Batch, is_partial: bool) -> None:
    """Remember whether the newest answer for a batch was incomplete; the one that is stored stays."""
    db.execute(queries.text("mark_partial"), {**_place(source, batch), "partial": int(is_partial)})


def cut_batch(db: sqlite3.Connection, source: str, batch: Batch) -> Window | None:
    """The window of a stored batch of which ``batch`` would replace a part only."""
    row = db.execute(queries.text("cut_batch"), _place(source, batch)).fetchone()
    return Window(from_text(row["window_start"]), from_text(row["window_end"])) if row else None


def _place(source: str, batch: Batch) -> dict[str, str | int]:
    return {"source": source, "table_name": batch.table, **window_columns(batch.window)}


def record_source(db: sqlite3.Connection, name: str, role: str | None, now: datetime) -> None:
    """Make a source known as soon as it is read; allocate forgets those no longer configured."""
    db.execute("INSERT INTO source (name, role) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, role or ""))
    history.note(db, "source", now)


def record_run(
    db: sqlite3.Connection,
    source: str,
    started_at: datetime,
    outcome: str,
    *,
    row_count: int,
    partial_count: int = 0,
    files: Sequence[str] = (),
    error: str = "",
) -> None:
    """One run of one source. row_count: over all tables. partial_count: batches that it called incomplete."""
    db.execute(
        queries.text("record_run"),
        {
            "source": source,
            "started_at": to_text(started_at),
            "outcome": outcome,
            "row_count": row_count,
            "partial_count": partial_count,
            "files": json.dumps(list(files)),
            "error": error,
        },
    )


def advance_watermark(
    db: sqlite3.Connection, source: str, table: str, reached: datetime, now: datetime
) -> None:
    """A table has been read up to ``reached`` without an error; the next run begins there."""
    mark = {"source": source, "table_name": table, "window_end": to_text(reached), "now": to_text(now)}
    db.execute(queries.text("advance_watermark"), mark)

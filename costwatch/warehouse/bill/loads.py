"""What was delivered: loads, the runs that brought them, and the versions already seen."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from costwatch.warehouse.encoding import from_int, from_text, to_int, to_text


@dataclass(frozen=True, slots=True)
class StoredLoad:
    """One row of ``load``."""

    id: int
    source: str
    period: date
    period_end: date
    digest: str
    format: str
    files: tuple[str, ...]
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewLoad:
    """A load to be recorded; ``totals`` is JSON-able."""

    period: date
    period_end: date
    digest: str
    format: str
    files: Sequence[str]
    accounts: Sequence[str]
    line_count: int
    totals: Mapping[str, object]
    delivered: Sequence[tuple[str, int, str]]  # name, bytes and SHA-256 of each file


def newest_loads(db: sqlite3.Connection, sources: Collection[str]) -> list[StoredLoad]:
    """The latest load of each source and billing period, by period, then source."""
    found = db.execute(
        "SELECT * FROM load WHERE id IN (SELECT MAX(id) FROM load GROUP BY source, period)"
        " ORDER BY period, source"
    )
    return [_stored(row) for row in found if row["source"] in sources]


def stored_loads(db: sqlite3.Connection, ids: Collection[int]) -> list[StoredLoad]:
    """Loads by their numbers, by source."""
    places = ", ".join("?" * len(ids))
    found = db.execute(f"SELECT * FROM load WHERE id IN ({places}) ORDER BY source", tuple(ids))
    return [_stored(row) for row in found]


def _stored(row: sqlite3.Row) -> StoredLoad:
    return StoredLoad(
        row["id"],
        row["source"],
        from_int(row["period"]),
        from_int(row["period_end"]),
        row["hash"],
        row["format"],
        tuple(json.loads(row["files"])),
        tuple(json.loads(row["accounts"])),
    )


def record_load(db: sqlite3.Connection, source: str, load: NewLoad) -> bool:
    """Record a load unless it is what that period already holds; says whether it is new."""
    newest = db.execute(
        "SELECT hash FROM load WHERE source = ? AND period = ? ORDER BY id DESC LIMIT 1",
        (source, to_int(load.period)),
    ).fetchone()
    if newest is not None and newest["hash"] == load.digest:
        return False
    db.execute(
        "INSERT INTO load (source, period, period_end, hash, format, files, accounts, line_count, totals,"
        " delivered) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            source,
            to_int(load.period),
            to_int(load.period_end),
            load.digest,
            load.format,
            json.dumps(list(load.files)),
            json.dumps(list(load.accounts)),
            load.line_count,
            json.dumps(load.totals, sort_keys=True),
            json.dumps(load.delivered),
        ),
    )
    return True


def record_version(db: sqlite3.Connection, source: str, batch: str, version: str) -> None:
    """Remember what was read, so that the same is not read again."""
    db.execute(
        "INSERT INTO source_version VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version WHERE version <> excluded.version",
        (source, batch, version),
    )


def versions(db: sqlite3.Connection, source: str) -> dict[str, str]:
    """batch -> version of all that was read of a source."""
    found = db.execute("SELECT batch, version FROM source_version WHERE source = ?", (source,))
    return {row["batch"]: row["version"] for row in found}


def watermark(db: sqlite3.Connection, source: str) -> datetime | None:
    """Up to where a source has been read without an error; None: never."""
    row = db.execute("SELECT MAX(window_end) AS seen FROM collection WHERE source = ?", (source,)).fetchone()
    return None if row["seen"] is None else from_text(row["seen"])


def record_source(db: sqlite3.Connection, name: str, role: str) -> None:
    """Make a source known as soon as it is read; allocate forgets those no longer configured."""
    db.execute("INSERT INTO source VALUES (?, ?, NULL) ON CONFLICT DO NOTHING", (name, role))


def record_run(
    db: sqlite3.Connection,
    source: str,
    started_at: datetime,
    outcome: str,
    *,
    window_end: datetime | None,
    line_count: int,
    files: Sequence[str],
    error: str,
) -> None:
    """One run of one source; ``window_end`` None where it failed, so that the next one looks again."""
    db.execute(
        "INSERT INTO collection (source, started_at, outcome, window_end, line_count, files, error)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            source,
            to_text(started_at),
            outcome,
            None if window_end is None else to_text(window_end),
            line_count,
            json.dumps(list(files)),
            error,
        ),
    )

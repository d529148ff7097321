"""Writing buckets and short windows, and what becomes of them when they are old."""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from costwatch.slo.collecting import Kept, ShortAnswer
from costwatch.slo.merging import Changes
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import to_text
from costwatch.warehouse.slo.definitions import instance_id

BY_HOUR_AFTER = timedelta(days=14)
_HOUR = 3600
_NEVER = 2**40


def read_through(db: sqlite3.Connection, now: datetime | None = None) -> Mapping[str, int]:
    """Up to when each SLO was read without an error, in seconds since 1970; not those that never were.

    Where that lies after ``now`` the clock was ahead, and it is not known.
    """
    rows = db.execute("SELECT id, read_through FROM slo WHERE read_through <= ?", (_seconds(now),))
    return {row["id"]: row["read_through"] for row in rows}


def mark_read(db: sqlite3.Connection, slo: str, through: int, now: datetime | None = None) -> None:
    """It has been read up to ``through``; what lies after ``now`` is no mark."""
    values = {"slo": slo, "through": through, "now": _seconds(now)}
    db.execute(queries.text("mark_slo_read"), values)


def _seconds(now: datetime | None) -> int:
    return _NEVER if now is None else int(now.timestamp())


def kept(db: sqlite3.Connection, instance: int, start: int, end: int) -> dict[int, Kept]:
    """The buckets of an instance that begin in [start, end), by their start."""
    sql = (
        "SELECT start, seconds, good, total, known_seconds, bridged_seconds FROM sli "
        "WHERE instance = ? AND start >= ? AND start < ?"
    )
    return {row[0]: Kept(*row) for row in db.execute(sql, (instance, start, end))}


def last_known(db: sqlite3.Connection, instance: int, before: int) -> Kept | None:
    """The newest bucket of an instance that begins before then, of which something is known."""
    sql = (
        "SELECT start, seconds, good, total, known_seconds, bridged_seconds FROM sli "
        "WHERE instance = ? AND start < ? AND known_seconds > 0 ORDER BY start DESC LIMIT 1"
    )
    row = db.execute(sql, (instance, before)).fetchone()
    return Kept(*row) if row else None


def put_changes(db: sqlite3.Connection, instance: int, changes: Changes) -> None:
    """Store buckets in place of those that begin with them, and remove others."""
    db.executemany(
        "DELETE FROM sli WHERE instance = ? AND start = ?", ((instance, start) for start in changes.removed)
    )
    put_buckets(db, instance, changes.put)


def put_buckets(db: sqlite3.Connection, instance: int, buckets: Iterable[Kept]) -> None:
    """Store buckets in place of those that begin with them."""
    db.executemany(queries.text("put_sli"), ((instance, *bucket) for bucket in buckets))


def put_short_windows(db: sqlite3.Connection, slo: str, answer: ShortAnswer) -> None:
    """The short windows of all instances of an SLO; what is not answered any more is unknown."""
    db.execute("DELETE FROM sli_window WHERE instance IN (SELECT id FROM slo_instance WHERE slo = ?)", (slo,))
    db.executemany(
        "INSERT INTO sli_window (instance, window_seconds, at, good, total) VALUES (?, ?, ?, ?, ?)",
        (
            (instance_id(db, slo, labels), seconds, to_text(answer.at), *events)
            for labels, of in answer.windows.items()
            for seconds, events in of.items()
        ),
    )


def compact(
    db: sqlite3.Connection, slo: str, now: datetime, keep_days: int, changed_from: int | None
) -> None:
    """Keep by the hour what is older than two weeks, and nothing that is older than ``keep_days``.

    changed_from: buckets from then on may have been stored anew, in seconds since 1970; None: none were.
    """
    row = db.execute("SELECT by_hour_before FROM slo WHERE id = ?", (slo,)).fetchone()
    if row is None:
        return
    end = int((now - BY_HOUR_AFTER).timestamp()) // _HOUR * _HOUR
    start = row[0] if changed_from is None else min(row[0], changed_from // _HOUR * _HOUR)
    if start >= end:
        return
    span = {"slo": slo, "start": start, "end": end}
    hours = list(db.execute(queries.text("sli_by_hour"), span))
    db.execute(queries.text("forget_sli"), {**span, "shorter_than": _HOUR})
    db.executemany(
        queries.text("put_sli"),
        (
            (
                hour["instance"],
                hour["start"],
                _HOUR,
                hour["good"],
                hour["total"],
                hour["known_seconds"],
                hour["bridged_seconds"],
            )
            for hour in hours
            if hour["known_seconds"]
        ),
    )
    oldest = int((now - timedelta(days=keep_days)).timestamp()) // 86_400 * 86_400
    db.execute(queries.text("forget_sli"), {"slo": slo, "start": 0, "end": oldest, "shorter_than": 1 << 40})
    db.execute(queries.text("forget_sli_sums"), {"slo": slo, "end": oldest})
    db.execute("UPDATE slo SET by_hour_before = ? WHERE id = ?", (end, slo))

"""What is known of costwatch itself: rules that fail, receivers that take nothing, a clock that went back."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from costwatch.alerts.built_in import ClockChange, Failure
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text
from costwatch.warehouse.store import Warehouse

LATE = timedelta(hours=1)  # as for the fallback: shorter, and every deployment of a chat server would be told
_REFUSED_LATELY = timedelta(days=2)
_CLOCK_CHANGES = 10


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that waits, since when (UTC), and what kept it back when it was last tried."""

    receiver: str
    since: datetime
    error: str


def rule_failures(db: sqlite3.Connection) -> dict[str, Failure]:
    """The rules that could not be evaluated when they last were, by name."""
    rows = db.execute("SELECT * FROM rule_failure ORDER BY rule")
    return {row["rule"]: _failure(row) for row in rows}


def replace_rule_failures(db: sqlite3.Connection, failures: Mapping[str, Failure]) -> None:
    """These fail now, no others."""
    db.execute("DELETE FROM rule_failure")
    rows = [(rule, one.count, to_text(one.since), one.error) for rule, one in sorted(failures.items())]
    db.executemany("INSERT INTO rule_failure VALUES (?, ?, ?, ?)", rows)


def receiver_failures(db: sqlite3.Connection, now: datetime) -> dict[str, Failure]:
    """Receivers that refused a message, or have let one wait for ``LATE``, by name."""
    times = {"late_since": to_text(now - LATE), "refused_since": to_text(now - _REFUSED_LATELY)}
    found = {row["receiver"]: _failure(row) for row in queries.rows(db, "failing_receivers", times)}
    not_forwarded = db.execute(
        "SELECT receiver, 1 AS count, since, error FROM forwarding_failure WHERE since <= ?",
        (times["late_since"],),
    )
    return found | {row["receiver"]: _failure(row) for row in not_forwarded}


def note_forwarding(warehouse: Warehouse, tried: Mapping[str, str], now: datetime) -> None:
    """What came of handing on what fires: receiver -> why it did not take it, or empty."""
    with warehouse.read() as db:
        known = {row["receiver"]: row["error"] for row in db.execute("SELECT * FROM forwarding_failure")}
    if all(known.get(receiver, "") == error for receiver, error in tried.items()):
        return
    with warehouse.write() as db:
        for receiver, error in tried.items():
            if error:
                values = {"receiver": receiver, "since": to_text(now), "error": error}
                db.execute(queries.text("keep_forwarding_failure"), values)
            else:
                db.execute("DELETE FROM forwarding_failure WHERE receiver = ?", (receiver,))


def oldest_unsent(db: sqlite3.Connection, now: datetime) -> Unsent | None:
    """The message that should have been sent by now and waits longest; None: there is none."""
    row = db.execute(queries.text("oldest_unsent"), {"now": to_text(now)}).fetchone()
    return None if row is None else Unsent(row["receiver"], from_text(row["queued_at"]), row["error"])


def times_ahead(db: sqlite3.Connection, now: datetime) -> dict[str, datetime]:
    """What is stored with a time after ``now``, and the latest of these."""
    rows = queries.rows(db, "times_ahead", {"now": to_text(now)})
    return {row["what"]: from_text(row["at"]) for row in rows}


def note_clock_change(db: sqlite3.Connection, change: ClockChange) -> None:
    """The clock was found to have gone back."""
    row = (to_text(change.noticed_at), to_text(change.ahead_at))
    db.execute("INSERT OR REPLACE INTO clock_change VALUES (?, ?)", row)
    db.execute(
        "DELETE FROM clock_change WHERE noticed_at NOT IN"
        " (SELECT noticed_at FROM clock_change ORDER BY noticed_at DESC LIMIT ?)",
        (_CLOCK_CHANGES,),
    )


def last_clock_change(db: sqlite3.Connection, now: datetime) -> ClockChange | None:
    """When the clock was last found to have gone back; None: never."""
    row = db.execute(
        "SELECT * FROM clock_change WHERE noticed_at <= ? ORDER BY noticed_at DESC LIMIT 1", (to_text(now),)
    ).fetchone()
    return None if row is None else ClockChange(from_text(row["noticed_at"]), from_text(row["ahead_at"]))


def _failure(row: sqlite3.Row) -> Failure:
    return Failure(row["count"], from_text(row["since"]), row["error"] or "")

"""Good and total of instances by bucket: sums of windows, series, and short windows as they were asked."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from costwatch.model import Window
from costwatch.warehouse.encoding import from_text


@dataclass(frozen=True, slots=True)
class Sums:
    """What buckets of a window sum up to. known_seconds: of how much of it anything is known.

    bridged_seconds: of these, what is part of a growth across a gap.
    """

    good: float = 0.0
    total: float = 0.0
    known_seconds: int = 0
    bridged_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """A bucket as it is stored: [start, start + seconds)."""

    start: datetime
    seconds: int
    good: float
    total: float
    known_seconds: int
    bridged_seconds: int


@dataclass(frozen=True, slots=True)
class ShortWindow:
    """The newest answer for a short window, which ended ``at``."""

    at: datetime
    good: float
    total: float


def sums(db: sqlite3.Connection, window: Window) -> Mapping[int, Sums]:
    """By instance, of the buckets that begin inside ``window``; one without any bucket is left out."""
    rows = db.execute(
        "SELECT i.id, s.* FROM slo_instance i JOIN (SELECT instance, sum(good) AS good, sum(total) AS total, "
        "sum(known_seconds) AS known_seconds, sum(bridged_seconds) AS bridged_seconds FROM sli "
        "WHERE instance IN (SELECT id FROM slo_instance) AND start >= :start AND start < :end "
        "GROUP BY instance) s ON s.instance = i.id",
        _span(window),
    )
    return {
        row["id"]: Sums(row["good"], row["total"], row["known_seconds"], row["bridged_seconds"])
        for row in rows
    }


def series(db: sqlite3.Connection, instances: Sequence[int], window: Window) -> Mapping[int, list[Stored]]:
    """The buckets of these instances that begin inside ``window``, in their order."""
    found: dict[int, list[Stored]] = defaultdict(list)
    for instance in instances:
        for row in db.execute(
            "SELECT * FROM sli WHERE instance = :instance AND start >= :start AND start < :end "
            "ORDER BY start",
            {"instance": instance, **_span(window)},
        ):
            start = datetime.fromtimestamp(row["start"], UTC)
            known, bridged = row["known_seconds"], row["bridged_seconds"]
            found[instance].append(Stored(start, row["seconds"], row["good"], row["total"], known, bridged))
    return found


def short_windows(db: sqlite3.Connection) -> Mapping[tuple[int, int], ShortWindow]:
    """By instance and length in seconds."""
    return {
        (row["instance"], row["window_seconds"]): ShortWindow(from_text(row["at"]), row["good"], row["total"])
        for row in db.execute("SELECT * FROM sli_window")
    }


def _span(window: Window) -> dict[str, int]:
    return {"start": int(window.start.timestamp()), "end": int(window.end.timestamp())}

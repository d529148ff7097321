"""Good and total of instances by bucket: sums of windows, series, and short windows as they were asked."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from costwatch.model import Window
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text

HOUR, DAY = 3600, 86_400


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
    """By instance, of the buckets that begin inside ``window``; one without any bucket is left out.

    Older than two weeks a bucket is an hour, so windows on whole hours are exact however old they are.
    """
    found: dict[int, tuple[float, ...]] = {}
    for query, parameters in _pieces(*_span(window).values()):
        for instance, *part in db.execute(queries.text(query), parameters):
            before = found.get(instance)
            found[instance] = tuple(map(sum, zip(before, part, strict=True))) if before else tuple(part)
    return {
        instance: Sums(good, total, int(known), int(bridged))
        for instance, (good, total, known, bridged) in found.items()
    }


def windows(db: sqlite3.Connection, wanted: Sequence[Window]) -> list[Mapping[int, Sums]]:
    """``sums`` of each of ``wanted``."""
    return [sums(db, window) for window in wanted]


def series(db: sqlite3.Connection, instances: Sequence[int], window: Window) -> Mapping[int, list[Stored]]:
    """The buckets of these instances that begin inside ``window``, in their order."""
    return _series(db, "SELECT * FROM sli WHERE instance = :instance", instances, window)


def by_day(db: sqlite3.Connection, instances: Sequence[int], window: Window) -> Mapping[int, list[Stored]]:
    """The same by UTC day, of the days that begin inside ``window``: for what is drawn."""
    sql = "SELECT * FROM sli_sum WHERE seconds = 86400 AND instance = :instance"
    return _series(db, sql, instances, window)


def by_hour(db: sqlite3.Connection, instances: Sequence[int], window: Window) -> Mapping[int, list[Stored]]:
    """The same by hour."""
    return _series(
        db, "SELECT * FROM sli_sum WHERE seconds = 3600 AND instance = :instance", instances, window
    )


def short_windows(db: sqlite3.Connection) -> Mapping[tuple[int, int], ShortWindow]:
    """By instance and length in seconds."""
    instants: dict[str, datetime] = {}  # most ended with the same run
    found = {}
    for instance, seconds, at, good, total in db.execute(
        "SELECT instance, window_seconds, at, good, total FROM sli_window"
    ):
        if at not in instants:
            instants[at] = from_text(at)
        found[instance, seconds] = ShortWindow(instants[at], good, total)
    return found


def _pieces(start: int, end: int) -> list[tuple[str, dict[str, int]]]:
    """Queries that make up [start, end): of days where they are whole, of hours and buckets at the edges."""
    parts: list[tuple[int, int, int]] = []
    edges = [(0, start, end)]
    for seconds in (DAY, HOUR):
        left = []
        for _, first, after in edges:
            whole, beyond = -(-first // seconds) * seconds, after // seconds * seconds
            if whole < beyond:
                parts.append((seconds, whole, beyond))
                left += [(0, first, whole), (0, beyond, after)]
            else:
                left.append((0, first, after))
        edges = left
    return [
        ("sli_sums_of_instances" if seconds else "sli_of_instances", {"start": first, "end": after} | length)
        for seconds, first, after in (*parts, *edges)
        if first < after
        for length in ({"seconds": seconds} if seconds else {},)
    ]


def _series(
    db: sqlite3.Connection, select: str, instances: Sequence[int], window: Window
) -> Mapping[int, list[Stored]]:
    found: dict[int, list[Stored]] = defaultdict(list)
    sql = f"{select} AND start >= :start AND start < :end ORDER BY start"
    for instance in instances:
        for row in db.execute(sql, {"instance": instance, **_span(window)}):
            start = datetime.fromtimestamp(row["start"], UTC)
            known, bridged = row["known_seconds"], row["bridged_seconds"]
            found[instance].append(Stored(start, row["seconds"], row["good"], row["total"], known, bridged))
    return found


def _span(window: Window) -> dict[str, int]:
    return {"start": int(window.start.timestamp()), "end": int(window.end.timestamp())}

"""Which alerts an objective would have raised, by its buckets, as rule ``slo_burn`` raises them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from costwatch.model import Severity
from costwatch.slo.objectives import BUCKET
from costwatch.slo.windows import BurnWindow

if TYPE_CHECKING:
    import numpy as np

    Floats: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]
    Flags: TypeAlias = np.ndarray[tuple[int], np.dtype[np.bool_]]

_STEP = int(BUCKET.total_seconds())
Row = tuple[int, int, float, float]  # start and length in seconds since 1970, good, total


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert: from ``start`` up to ``end`` (UTC), and how urgent it was at most."""

    severity: Severity
    start: datetime
    end: datetime


def episodes(
    rows: Sequence[Row],
    first: datetime,
    after: datetime,
    target: float,
    pairs: Sequence[BurnWindow],
    min_events: float = 0,
) -> list[Episode]:
    """The alerts of [first, after), in their order.

    rows: buckets from the longest window before ``first`` on; a longer one is spread evenly over its length.
    pairs: those that are told. min_events: see ``burn.burning``.
    """
    import numpy as np

    if not pairs:
        return []
    begin = int((first - max(pair.long for pair in pairs)).timestamp()) // _STEP
    count = int(after.timestamp()) // _STEP - begin
    bad, total = _steps(rows, begin, count)
    sums = [np.concatenate(([0.0], np.cumsum(each))) for each in (bad, total)]
    page, any_ = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    for pair in pairs:
        burns = _burns(sums, pair.long, pair.factor * (1 - target), min_events)
        burns &= _burns(sums, pair.short, pair.factor * (1 - target), 0)
        any_ |= burns
        if Severity(pair.severity) is Severity.PAGE:
            page |= burns
    from_ = int(first.timestamp()) // _STEP - begin
    return list(_episodes(any_[from_:], page[from_:], begin + from_))


def _steps(rows: Sequence[Row], begin: int, count: int) -> "tuple[Floats, Floats]":
    """Bad and total by five minutes; an hour's twelfth in each of its own."""
    import numpy as np

    bad, total = np.zeros(count), np.zeros(count)
    if not rows:
        return bad, total
    start, seconds, good, all_ = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    parts = np.maximum(1, seconds // _STEP).astype(int)
    offset = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    at = np.repeat(start // _STEP, parts).astype(int) + offset - begin
    inside = (at >= 0) & (at < count)
    np.add.at(bad, at[inside], np.repeat((all_ - good) / parts, parts)[inside])
    np.add.at(total, at[inside], np.repeat(all_ / parts, parts)[inside])
    return bad, total


def _burns(sums: "Sequence[Floats]", window: timedelta, share: float, min_events: float) -> "Flags":
    """At the end of each step, whether more than ``share`` of the window was bad."""
    import numpy as np

    back = int(window.total_seconds()) // _STEP
    bad, total = (each[1:] - each[np.maximum(0, np.arange(1, len(each)) - back)] for each in sums)
    # What sums of floats leave over is no event.
    burns: Flags = (total > 1e-9) & (total >= min_events - 1e-6) & (bad > share * total * (1 + 1e-9))
    return burns


def _episodes(any_: "Flags", page: "Flags", begin: int) -> Iterator[Episode]:
    """Runs of steps that burn; one that pages and goes on as a ticket is one page."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate(([False], any_, [False])).astype(int)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        severity = Severity.PAGE if page[start:end].any() else Severity.TICKET
        yield Episode(severity, _instant(begin + int(start) + 1), _instant(begin + int(end) + 1))


def _instant(step: int) -> datetime:
    return datetime.fromtimestamp(step * _STEP, UTC)

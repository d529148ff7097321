"""When it was bad: stretches of buckets that burned, and how much of the budget each took. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

BAD_BURN = 6.0  # the slowest burn that wakes somebody over 30 days; what is slower is no incident but a trend
_APART = timedelta(minutes=30)  # a pause that long ends one


@dataclass(frozen=True, slots=True)
class Incident:
    """From ``start`` up to ``end`` (UTC). bad, total: of its buckets, in ``Objective.unit``.

    budget_share: of the error budget of the whole period.
    """

    start: datetime
    end: datetime
    bad: float
    total: float
    budget_share: float

    @property
    def length(self) -> timedelta:
        """How long it was bad."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened in [start, start + seconds)."""

    start: datetime
    seconds: int
    good: float
    total: float


def incidents(
    buckets: Iterable[Happened], target: float, allowed: float, at_most: int = 5
) -> Sequence[Incident]:
    """The worst, by how much of the budget they took.

    buckets: in their order, the known ones. allowed: how much may be bad in the period, in the same unit.
    """
    found: list[Incident] = []
    for one in buckets:
        bad = one.total - one.good
        if one.total <= 0 or bad / one.total <= BAD_BURN * (1 - target):
            continue
        end = one.start + timedelta(seconds=one.seconds)
        if found and one.start - found[-1].end < _APART:
            last = found.pop()
            bad, total, start = last.bad + bad, last.total + one.total, last.start
        else:
            total, start = one.total, one.start
        found.append(Incident(start, end, bad, total, bad / allowed if allowed > 0 else 0.0))
    return sorted(found, key=lambda each: (-each.budget_share, each.start))[:at_most]

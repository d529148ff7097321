"""Which teams and services a change in cost comes from. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from costwatch.model import Labels, SeriesByLabels


@dataclass(frozen=True, slots=True)
class Change:
    """What one combination of ``labels`` (without ``currency``) cost before and after, in ``currency``."""

    currency: str
    labels: Labels
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """After minus before; positive: costs more now."""
        return self.after - self.before

    @property
    def ratio(self) -> Decimal | None:
        """Delta as a share of what it cost before; None where that was nothing or a credit."""
        return self.delta / self.before if self.before > 0 else None


def within(answer: SeriesByLabels, first: date, after: date) -> SeriesByLabels:
    """The points of [first, after); a series that has none there is left out."""
    cut = {
        key: tuple(point for point in series if first <= point.day < after) for key, series in answer.items()
    }
    return {key: series for key, series in cut.items() if series}


def settled_days(whole: SeriesByLabels) -> tuple[date, ...]:
    """The days on which the cost of everything is known and settled, ascending."""
    return tuple(
        sorted({point.day for points in whole.values() for point in points if point.state.is_settled})
    )


def comparable_days(
    days: Iterable[date], prior_days: Iterable[date], shift: timedelta
) -> tuple[tuple[date, date], ...]:
    """(day, prior day) pairs, ``shift`` apart, of which both are given."""
    prior = set(prior_days)
    return tuple((day, day - shift) for day in days if day - shift in prior)


def changes(now: SeriesByLabels, then: SeriesByLabels, pairs: Sequence[tuple[date, date]]) -> list[Change]:
    """``now`` against ``then``, over the (day, prior day) ``pairs`` only: like for like.

    A combination missing on one side cost nothing there: both days are known. Per currency, the
    largest absolute change first; empty where no days can be compared.
    """
    if not pairs:
        return []
    return compared(_sums(now, {day for day, _ in pairs}), _sums(then, {day for _, day in pairs}))


def compared(after: Mapping[Labels, Decimal], before: Mapping[Labels, Decimal]) -> list[Change]:
    """The same of sums of days that can be compared."""
    found = []
    nothing = Decimal()
    for key in after.keys() | before.keys():
        names = tuple([pair for pair in key if pair[0] != "currency"])
        then, now = before.get(key, nothing), after.get(key, nothing)
        found.append((dict(key)["currency"], -abs(now - then), names, then, now))
    return [Change(currency, names, *amounts) for currency, _, names, *amounts in sorted(found)]


def _sums(answer: SeriesByLabels, days: Set[date]) -> dict[Labels, Decimal]:
    sums: dict[Labels, Decimal] = defaultdict(Decimal)
    for key, points in answer.items():
        sums[key] += sum((point.value for point in points if point.day in days), Decimal())
    return sums

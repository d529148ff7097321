"""Which teams and services a change in cost comes from. Pure."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costwatch.model import Labels, Window
from costwatch.plugins import Snapshot


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


def settled_days(
    facts: Snapshot, first: date, after: date, metric: str = "EffectiveCost"
) -> tuple[date, ...]:
    """The days in [first, after) whose cost is known and settled, ascending."""
    series = facts.series(metric, (), Window.of_days(first, after))
    return tuple(
        sorted({point.day for points in series.values() for point in points if point.state.is_settled})
    )


def comparable_days(
    facts: Snapshot,
    first: date,
    after: date,
    prior_first: date,
    prior_after: date,
    metric: str = "EffectiveCost",
) -> tuple[tuple[date, date], ...]:
    """(day, prior day) pairs, each the same number of days into its window, where both are settled.

    Where the windows differ in length, the days that only the longer one has are left out.
    """
    prior = set(settled_days(facts, prior_first, prior_after, metric))
    shift = first - prior_first
    return tuple(
        (day, day - shift) for day in settled_days(facts, first, after, metric) if day - shift in prior
    )


def changes(
    facts: Snapshot,
    first: date,
    after: date,
    prior_first: date,
    prior_after: date,
    by: tuple[str, ...] = ("team", "service"),
    metric: str = "EffectiveCost",
) -> list[Change]:
    """[first, after) against [prior_first, prior_after), like for like: over ``comparable_days`` only.

    A combination missing on one side cost nothing there: both days are known. Per currency, the
    largest absolute change first; empty where no days can be compared.
    """
    pairs = comparable_days(facts, first, after, prior_first, prior_after, metric)
    if not pairs:
        return []
    now = _sums(facts, by, {day for day, _ in pairs}, metric, first, after)
    then = _sums(facts, by, {day for _, day in pairs}, metric, prior_first, prior_after)
    found = []
    for key in now.keys() | then.keys():
        names = dict(key)
        currency = names.pop("currency")
        found.append(Change(currency, tuple(sorted(names.items())), then[key], now[key]))
    return sorted(found, key=lambda change: (change.currency, -abs(change.delta), change.labels))


def _sums(
    facts: Snapshot, by: tuple[str, ...], days: set[date], metric: str, first: date, after: date
) -> dict[Labels, Decimal]:
    sums: dict[Labels, Decimal] = defaultdict(Decimal)
    for key, points in facts.series(metric, by, Window.of_days(first, after)).items():
        sums[key] += sum((point.value for point in points if point.day in days), Decimal())
    return sums

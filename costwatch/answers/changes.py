"""Which teams and services a change in cost comes from."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal

from costwatch.cost import explain
from costwatch.cost.explain import Change
from costwatch.model import BEFORE_CREDITS, CHARGE_KINDS, KINDS_BEFORE_CREDITS, Labels, Window
from costwatch.plugins import Snapshot, Sums
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_METRICS = "EffectiveCost", BEFORE_CREDITS["EffectiveCost"]
_DAY = timedelta(days=1)


def settled_days(
    facts: Snapshot, first: date, after: date, metric: str = "EffectiveCost"
) -> tuple[date, ...]:
    """The days in [first, after) whose cost is known and settled, ascending."""
    return explain.settled_days(facts.series(metric, (), Window.of_days(first, after)))


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
    return explain.comparable_days(
        settled_days(facts, first, after, metric),
        settled_days(facts, prior_first, prior_after, metric),
        first - prior_first,
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
    """[first, after) against [prior_first, prior_after), over ``comparable_days``; see ``cost.explain``."""
    pairs = comparable_days(facts, first, after, prior_first, prior_after, metric)
    return explain.compared(*_sums(facts, metric, by, pairs))


def changes_of_all(
    facts: WarehouseSnapshot, first: date, after: date, prior_first: date, prior_after: date
) -> tuple[list[Change], list[Change]]:
    """The same of EffectiveCost, and of it before credits."""
    days = first, after, prior_first, prior_after
    if facts.conversion is not None:
        # Converted parts are rounded each, and would not add up to what is converted as a whole.
        moved, rises = (changes(facts, *days, metric=metric) for metric in _METRICS)
        return moved, rises
    sums = _sums(facts, "EffectiveCost", ("team", "service", "charge_kind"), comparable_days(facts, *days))
    moved, rises = (
        explain.compared(*(_of_kinds(each, kinds) for each in sums))
        for kinds in (CHARGE_KINDS, KINDS_BEFORE_CREDITS)
    )
    return moved, rises


def _sums(
    facts: Snapshot, metric: str, by: tuple[str, ...], pairs: Sequence[tuple[date, date]]
) -> tuple[Sums, Sums]:
    """What the first days of ``pairs`` cost together, and what the second ones did."""
    after, before = (_summed(facts, metric, by, [pair[side] for pair in pairs]) for side in (0, 1))
    return after, before


def _summed(facts: Snapshot, metric: str, by: tuple[str, ...], days: Sequence[date]) -> Sums:
    """The store sums days that follow one another: there are far fewer sums than days of each series."""
    found: dict[Labels, Decimal] = defaultdict(Decimal)
    for sums in facts.totals(metric, by, _runs(days)).values():
        for key, amount in sums.items():
            found[key] += amount
    return found


def _runs(days: Sequence[date]) -> list[Window]:
    """Ascending days as windows without a gap."""
    known = {*days}
    firsts = (day for day in days if day - _DAY not in known)
    lasts = (day for day in days if day + _DAY not in known)
    return [Window.of_days(first, last + _DAY) for first, last in zip(firsts, lasts, strict=True)]


def _of_kinds(sums: Sums, kinds: Collection[str]) -> Sums:
    """Of these charge kinds, whose label comes first, without it."""
    found: dict[Labels, Decimal] = defaultdict(Decimal)
    for key, amount in sums.items():
        if key[0][1] in kinds:
            found[key[1:]] += amount
    return found

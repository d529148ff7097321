"""Which teams and services a change in cost comes from."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

from costwatch.cost import explain
from costwatch.cost.explain import Change
from costwatch.model import BEFORE_CREDITS, CHARGE_KINDS, KINDS_BEFORE_CREDITS, Labels, Window
from costwatch.plugins import Snapshot
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot


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
    windows = Window.of_days(first, after), Window.of_days(prior_first, prior_after)
    pairs = comparable_days(facts, first, after, prior_first, prior_after, metric)
    if _is_whole(pairs, windows):
        sums = facts.totals(metric, by, windows)  # far fewer than the days of each
        return explain.compared(*(sums[window] for window in windows))
    now, then = (facts.series(metric, by, window) for window in windows)
    return explain.changes(now, then, pairs)


def changes_of_all(
    facts: WarehouseSnapshot, first: date, after: date, prior_first: date, prior_after: date
) -> tuple[list[Change], list[Change]]:
    """The same of EffectiveCost, and of it before credits."""
    windows = Window.of_days(first, after), Window.of_days(prior_first, prior_after)
    days = first, after, prior_first, prior_after
    metrics = "EffectiveCost", BEFORE_CREDITS["EffectiveCost"]
    # Converted parts are rounded each, and would not add up to what is converted as a whole.
    is_once = facts.conversion is None
    if not is_once or not all(_is_whole(comparable_days(facts, *days, each), windows) for each in metrics):
        moved, rises = (changes(facts, *days, metric=metric) for metric in metrics)
        return moved, rises
    sums = facts.totals("EffectiveCost", ("team", "service", "charge_kind"), windows)
    moved, rises = (
        explain.compared(*(_of_kinds(sums[window], kinds) for window in windows))
        for kinds in (CHARGE_KINDS, KINDS_BEFORE_CREDITS)
    )
    return moved, rises


def _is_whole(pairs: tuple[tuple[date, date], ...], windows: tuple[Window, Window]) -> bool:
    """Whether all days of both windows can be compared."""
    (first, after), (prior_first, prior_after) = (window.days for window in windows)
    return bool(pairs) and len(pairs) == (after - first).days == (prior_after - prior_first).days


def _of_kinds(sums: Mapping[Labels, Decimal], kinds: Collection[str]) -> Mapping[Labels, Decimal]:
    found: dict[Labels, Decimal] = defaultdict(Decimal)
    for key, amount in sums.items():
        (_, kind), *names = key
        if kind in kinds:
            found[tuple(names)] += amount
    return found

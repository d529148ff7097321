"""Which teams and services a change in cost comes from."""

from datetime import date

from costwatch.cost import explain
from costwatch.cost.explain import Change
from costwatch.model import Window
from costwatch.plugins import Snapshot


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
    if pairs and len(pairs) == (after - first).days == (prior_after - prior_first).days:
        sums = facts.totals(metric, by, windows)  # far fewer than the days of each
        return explain.compared(*(sums[window] for window in windows))
    now, then = (facts.series(metric, by, window) for window in windows)
    return explain.changes(now, then, pairs)

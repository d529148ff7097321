"""What people should know of a measure: what it could not tell, and what it does not know."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from costwatch.allocation.splits.driver.owned import TABLE, Owned, shown
from costwatch.allocation.splits.driver.resources import ends
from costwatch.model import UNMEASURED, Window
from costwatch.plugins import Weighing
from costwatch.wording import count_of, printable, share, some_of

if TYPE_CHECKING:
    from costwatch.allocation.splits.driver import DriverPool

_MANY = 5
_DAY = timedelta(days=1)


def notes(pool: "DriverPool", asked: Weighing) -> Iterator[str]:
    """See ``plugins.Split``; nothing of a pool that takes nothing."""
    owned = Owned(pool, asked)
    name, days = printable(pool.driver), owned.days
    if not asked.spans:
        return
    if not len(days.days):
        yield f"nothing was measured of {name} on these days; {_left_over(pool)}"
    elif owned.trouble:
        yield f"{owned.trouble}; until then {_left_over(pool)}"
    else:
        poor = {*days.unused(pool.min_coverage), *_without_it(pool, asked, owned)}
        if poor:
            named = some_of([f"{date.fromordinal(day)}" for day in sorted(poor)])
            least = f"is unknown or was measured for less than {pool.min_coverage:.0%}"
            yield f"{name} {least} on {count_of(len(poor), 'day', 'days')}, {named}; {_left_over(pool)}"
        yield from _of_nobody(name, owned)
        yield from _unknown_resources(name, pool, asked, owned)


def _left_over(pool: "DriverPool") -> str:
    """What becomes of what is not known."""
    fallback = pool.fallback
    if not isinstance(fallback, str):
        return f"what it would weigh goes to {fallback.team}"
    ways = {
        UNMEASURED: "is unmeasured",
        "even": "goes to all teams evenly",
        "carried": "goes by what teams carry",
    }
    return f"what it would weigh {ways[fallback]}"


def _without_it(pool: "DriverPool", asked: Weighing, owned: Owned) -> set[int]:
    """Days of which something was collected, and nothing of the measure."""
    found = {
        day.toordinal()
        for (source, window), version in asked.batches.versions(TABLE, owned.window).items()
        if version and (not pool.sources or source in pool.sources)
        for day in _days_of(window)
    }
    first, after = (day.toordinal() for day in owned.window.days)
    return {day for day in found - {*owned.days.days.tolist()} if first <= day < after}


def _days_of(window: Window) -> Iterator[date]:
    first, after = window.days
    return (first + _DAY * number for number in range((after - first).days))


def _of_nobody(name: str, owned: Owned) -> Iterator[str]:
    """Values that belong to no team, and what has no label."""
    days, whole = owned.days, float(owned.days.weight.sum())
    if not whole:
        return
    labels, owners, row = owned.keys
    values = days.values(owned.label or "")
    lost: Counter[str] = Counter()
    weights = np.bincount(row, days.weight, minlength=len(labels)).tolist()
    for of, team, weight in zip(labels, owners, weights, strict=True):
        if weight and team is None:
            lost[values[of]] += weight
    unnamed, label = lost.pop("", 0), shown(owned.label or "")
    if lost:
        named = [f"{shown(value)} ({_share(of, whole)})" for value, of in lost.most_common()]
        yield (
            f"{_share(sum(lost.values()), whole)} of {name} belongs to nobody, by {label}: "
            f"{some_of(named, _MANY)}; name teams for them in 'owners', or as their aliases"
        )
    if unnamed:
        yield f"{_share(unnamed, whole)} of {name} has no label {label}".rstrip() + ", and belongs to nobody"


def _unknown_resources(name: str, pool: "DriverPool", asked: Weighing, owned: Owned) -> Iterator[str]:
    """Those of the bill that no row names."""
    if not pool.resource:
        return
    known = {*owned.things}
    named = {span.key[0] for span in asked.spans if span.key[0]}
    lost = sorted(resource for resource in named if known.isdisjoint(ends(resource)))
    if lost:
        yield (
            f"{name} knows nothing of {count_of(len(lost), 'resource', 'resources')} of the bill, "
            f"{some_of([*map(shown, lost)])}; is its label {shown(pool.resource)} their ResourceId, or how "
            "their ARN ends?"
        )


def _share(part: float, whole: float) -> str:
    return share(Decimal(part / whole))

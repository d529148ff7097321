"""What rules, pages and reports ask of cost by name: both costs, and each without credits and refunds."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter

from costwatch.model import (
    BEFORE_CREDITS,
    DIMENSIONS,
    KEYED_DIMENSIONS,
    KINDS_BEFORE_CREDITS,
    Point,
    SeriesByLabels,
    State,
    Window,
    labels,
    midnight,
)
from costwatch.plugins import FactQuery, Reader, Snapshot, Sums
from costwatch.warehouse.facts.cost import Cost, stored_cost

_DAY = timedelta(days=1)
# What is left of cost before credits.
WITHOUT_CREDITS: Mapping[str, Collection[str]] = {"charge_kind": KINDS_BEFORE_CREDITS}


def _ask(
    metric: str, where: Mapping[str, Collection[str]], reader: Reader, by: tuple[str, ...], window: Window
) -> SeriesByLabels:
    first, after = window.days
    states = reader.states(first, after)
    midnights = {day: midnight(day) for day in states}

    def point(row: Cost) -> Point:
        day = row.day or first  # asked per day, each has one
        return Point(
            midnights.get(day) or midnight(day), row.amount(metric), states.get(day, State.ESTIMATED)
        )

    rows = stored_cost(reader.rows, first, after, by, where, True, reader.as_of, reader.conversion)
    series = groupby(rows, attrgetter("labels"))
    return {labels(**of): tuple(map(point, days)) for of, days in series}


def _sums(
    metric: str, where: Mapping[str, Collection[str]], reader: Reader, by: tuple[str, ...], window: Window
) -> Sums:
    rows = stored_cost(reader.rows, *window.days, by, where, False, reader.as_of, reader.conversion)
    names = sorted({*by, "currency"})  # in the one order of labels
    return {tuple([(name, row.labels[name]) for name in names]): row.amount(metric) for row in rows}


def settled_through(facts: Snapshot) -> datetime | None:
    """The end of the newest day up to which all cost days are settled."""
    return None if facts.data_through is None else midnight(facts.data_through + _DAY)


def _query(
    name: str, metric: str, summary: str, where: Mapping[str, Collection[str]] | None = None
) -> FactQuery:
    return FactQuery(
        name=name,
        labels=tuple(DIMENSIONS),
        keyed=tuple(KEYED_DIMENSIONS),
        by_dimensions=True,
        unit="currency",
        step=_DAY,
        page="costs",
        ask=partial(_ask, metric, where or {}),
        summary=summary,
        sums=partial(_sums, metric, where or {}),
        through=settled_through,
    )


EFFECTIVE_COST = _query(
    "EffectiveCost", "EffectiveCost", "Cost of each day, what was paid in advance spread over its time."
)
BILLED_COST = _query("BilledCost", "BilledCost", "Cost of each day as the invoice says.")
EFFECTIVE_COST_BEFORE_CREDITS = _query(
    BEFORE_CREDITS["EffectiveCost"],
    "EffectiveCost",
    "EffectiveCost without credits and refunds.",
    WITHOUT_CREDITS,
)
BILLED_COST_BEFORE_CREDITS = _query(
    BEFORE_CREDITS["BilledCost"], "BilledCost", "BilledCost without credits and refunds.", WITHOUT_CREDITS
)

"""What rules and pages ask of tags: what lines cost that have them, and what those cost that could have."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from costwatch.cost.conversion import converted
from costwatch.model import Labels, Point, SeriesByLabels, State, Window, labels, midnight
from costwatch.money import units
from costwatch.plugins import FactQuery, Reader, Sums
from costwatch.warehouse import queries
from costwatch.warehouse.bill.sums import sums, sums_of
from costwatch.warehouse.encoding import from_int, to_int
from costwatch.warehouse.facts.cost_metrics import settled_through
from costwatch.warehouse.facts.usage import parts_of

_COLUMNS = {
    "team": "g.team",
    "provider": "g.ProviderName",
    "account": "g.SubAccountId",
    "charge_kind": "g.x_ChargeKind",
    "tagging": "g.tagging",
}
_COST = "EffectiveCostNano"


def _ask(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    """Nothing as of an earlier instant: what was published then is not kept."""
    first, after = window.days
    found: dict[Labels, Counter[int]] = defaultdict(Counter)
    for row in _rows(reader, by, window, day="d.day, "):
        nano, currency = sums_of(row, (_COST,))[_COST] or 0, row["BillingCurrency"]
        if conversion := reader.conversion:
            rate = conversion.rate(currency, from_int(row["day"]))
            if rate is not None:
                nano, currency = converted(nano, rate), conversion.reporting
        found[_key(row, by, currency)][row["day"]] += nano
    states = reader.states(first, after)
    return {
        key: tuple(
            Point(midnight(day := from_int(number)), units(nano), states.get(day, State.ESTIMATED))
            for number, nano in by_day.items()
        )
        for key, by_day in found.items()
    }


def _sums(reader: Reader, by: tuple[str, ...], window: Window) -> Sums:
    """Summed where they lie: of a large bill there are many accounts, and what is asked are their totals."""
    if reader.conversion:  # each day has its own rate
        series = _ask(reader, by, window).items()
        return {key: sum((point.value for point in points), Decimal()) for key, points in series}
    rows = _rows(reader, by, window)
    return {_key(row, by, row["BillingCurrency"]): units(sums_of(row, (_COST,))[_COST] or 0) for row in rows}


def _rows(reader: Reader, by: tuple[str, ...], window: Window, day: str = "") -> Iterable[Any]:
    if reader.as_of is not None:
        return ()
    first, after = window.days
    parts = {**parts_of(by, _COLUMNS), "sums": sums("d.", of=(_COST,)), "day": day}
    sql = queries.filled("tagging_costs", **parts)
    return reader.rows(sql, {"first": to_int(first), "after": to_int(after)})


def _key(row: Any, by: tuple[str, ...], currency: str) -> Labels:
    return labels(currency=currency, **{name: row[name] for name in by})


TAGGING_COST = FactQuery(
    name="tagging_cost",
    labels=tuple(_COLUMNS),
    unit="currency",
    step=timedelta(days=1),
    page="data",
    ask=_ask,
    sums=_sums,
    summary="EffectiveCost of lines with owner tags, and without; and of those that no tag is asked of.",
    through=settled_through,
)

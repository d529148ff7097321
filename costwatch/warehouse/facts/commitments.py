"""What reservations and savings plans cost a month, and in how many days they end."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from costwatch.model import Impact, Labels, Point, SeriesByLabels, State, Window, labels, midnight
from costwatch.money import units
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text

_COLUMNS = {
    "commitment": "id",
    "commitment_kind": "kind",
    "source": "source",
    "service": "ServiceName",
    "team": "team",
}
LABELS = tuple(_COLUMNS)


def _today(
    reader: Reader, window: Window, value: Callable[[Any], tuple[Labels, Decimal] | None]
) -> SeriesByLabels:
    today = reader.now.date()
    first, after = window.days
    if not first <= today < after or reader.as_of is not None:  # nobody notes what it was then
        return {}
    found: dict[Labels, Decimal] = defaultdict(Decimal)
    rows: Iterable[Any] = reader.rows(queries.text("commitments"))
    for key, amount in filter(None, map(value, rows)):
        found[key] = amount
    return {key: (Point(midnight(today), amount, State.CLOSED),) for key, amount in sorted(found.items())}


def _cost(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    def monthly(row: Any) -> tuple[Labels, Decimal]:
        currency = row["BillingCurrency"]
        amount = Impact.of_days(units(row["EffectiveCostNano"]), row["day_count"], currency).amount
        return labels(**_named(row), currency=currency), amount

    return _today(reader, window, monthly)


def _days_left(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    def left(row: Any) -> tuple[Labels, Decimal] | None:
        if row["ends_at"] is None:
            return None
        seconds = (from_text(row["ends_at"]) - reader.now) // timedelta(seconds=1)
        return labels(**_named(row)), round(Decimal(seconds) / 86_400, 6)

    return _today(reader, window, left)


def _named(row: Any) -> dict[str, str]:
    return {label: row[column] for label, column in _COLUMNS.items()}


COMMITMENT_COST = FactQuery(
    name="commitment_cost",
    labels=LABELS,
    unit="currency",
    step=timedelta(days=1),
    page="costs",
    ask=_cost,
    summary="What each reservation and savings plan costs a month, by all labels: one point, today.",
)
COMMITMENT_DAYS_LEFT = FactQuery(
    name="commitment_days_left",
    labels=LABELS,
    unit="days",
    step=timedelta(days=1),
    page="costs",
    ask=_days_left,
    summary="Days until each one ends, where the export says when, by all labels: one point, today.",
)

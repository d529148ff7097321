"""What people mean to spend (``budget``), and how much of it alerts have told (``budget_reached``)."""

from datetime import date, timedelta
from decimal import Decimal

from costwatch.model import Labels, Point, Series, SeriesByLabels, State, Window, labels, midnight
from costwatch.money import units
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.history import table_as_of

_PERIOD_MONTHS = {"month": 1, "quarter": 3}


def _ask(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    """None where costs are converted: a budget is held against what was spent in its own currency."""
    if reader.conversion:
        return {}
    sql = queries.filled("budgets", budget=table_as_of("budget", reader.as_of))
    answer: dict[Labels, Series] = {}
    for row in reader.rows(sql):
        key = labels(
            name=row["name"],
            team=row["team"],
            metric=row["metric"],
            period=row["period"],
            include=row["include"],
            currency=row["BillingCurrency"],
        )
        amount = units(row["amount_nano"])
        if starts := _period_starts(window, _PERIOD_MONTHS[row["period"]]):
            answer[key] = tuple(Point(midnight(day), amount, State.CLOSED) for day in starts)
    return answer


def _period_starts(window: Window, months: int) -> list[date]:
    """First days of the calendar periods inside the window."""
    first, after = window.days
    year, month = first.year, first.month
    starts = []
    while (day := date(year, month, 1)) < after:
        if day >= first and (month - 1) % months == 0:
            starts.append(day)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return starts


BUDGET = FactQuery(
    name="budget",
    labels=("name", "team", "metric", "period", "include"),
    unit="currency",
    step=timedelta(days=1),
    page="overview",
    ask=_ask,
    summary="Budgets, always by all labels; a point on the first day of each month or quarter is its amount.",
)


def _reached(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    today = reader.now.date()
    first, after = window.days
    if not first <= today < after:
        return {}
    return {
        labels(**{name: row[name] for name in ("rule", "budget", "team", "period")}, currency=row["unit"]): (
            Point(midnight(today), Decimal(row["reached"]), State.CLOSED),
        )
        for row in reader.rows(queries.text("budget_reached"))
    }


BUDGET_REACHED = FactQuery(
    name="budget_reached",
    labels=("rule", "budget", "team", "period"),
    unit="currency",
    step=timedelta(days=1),
    page="overview",
    ask=_reached,
    summary="The highest step of each budget that an alert has told, always by all labels: one point, today.",
)

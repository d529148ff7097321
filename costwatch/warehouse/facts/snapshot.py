"""What rules see: one read transaction, whose answers are kept by their arguments."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from costwatch.cost.conversion import Conversion
from costwatch.model import DIMENSIONS, METRICS, Labels, Point, Series, State, Window, labels
from costwatch.money import units
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, from_text, to_int
from costwatch.warehouse.facts.cost import cost

_LABELS = {"budget": {"name", "team", "metric", "period", "currency"}, "freshness": {"source"}}
_PERIOD_MONTHS = {"month": 1, "quarter": 3}


class WarehouseSnapshot:
    """``plugins.Snapshot`` over a read transaction. ``now`` (UTC) is what ages are measured from.

    as_of: costs are those known at that instant (see ``cost``); what days, budgets and sources are like
    is not remembered and stays as it is. conversion: costs are converted; there are no budgets then, for
    a budget is held against what was spent in its own currency.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        now: datetime,
        *,
        as_of: datetime | None = None,
        conversion: Conversion | None = None,
    ) -> None:
        self.db = db
        self.now = now
        self.as_of = as_of
        self.conversion = conversion
        self._answers: dict[tuple[str, tuple[str, ...], Window], Mapping[Labels, Series]] = {}
        self._through: list[date | None] = []

    @property
    def data_through(self) -> date | None:
        """See ``plugins.Snapshot``."""
        if not self._through:
            day = queries.rows(self.db, "data_through")[0]["day"]
            self._through.append(None if day is None else from_int(day))
        return self._through[0]

    def series(self, query: str, by: tuple[str, ...], window: Window) -> Mapping[Labels, Series]:
        """See ``plugins.Snapshot``."""
        key = (query, by, window)
        if key not in self._answers:
            self._answers[key] = self._ask(query, by, window)
        return self._answers[key]

    def _ask(self, query: str, by: tuple[str, ...], window: Window) -> Mapping[Labels, Series]:
        known = set(DIMENSIONS) if query in METRICS else _LABELS.get(query, set())
        if unknown := set(by) - known:
            raise ValueError(f"{query}: no label is named {', '.join(sorted(unknown))}")
        if query in METRICS:
            return self._cost(query, by, window)
        if query == "budget":
            return self._budgets(window)
        if query == "freshness":
            return self._freshness()
        raise ValueError(f"no query is named '{query}'")

    def _cost(self, metric: str, by: tuple[str, ...], window: Window) -> Mapping[Labels, Series]:
        first, after = window.start.date(), window.end.date()
        states = self.states(first, after)
        found: dict[Labels, list[Point]] = defaultdict(list)
        rows = cost(self.db, first, after, by, per_day=True, as_of=self.as_of, conversion=self.conversion)
        for row in rows:
            if row.day is not None:
                state = states.get(row.day, State.ESTIMATED)
                found[labels(**row.labels)].append(Point(row.day, row.amount(metric), state))
        return {key: tuple(points) for key, points in found.items()}

    def states(self, first: date, after: date) -> dict[date, State]:
        """How settled each day of [first, after) is; a day that holds no cost is left out."""
        through = self.data_through
        states = {}
        for row in queries.rows(self.db, "day_states", {"first": to_int(first), "after": to_int(after)}):
            day = from_int(row["day"])
            settled = through is not None and day <= through
            states[day] = State(row["state"]) if settled else State.ESTIMATED
        return states

    def _budgets(self, window: Window) -> Mapping[Labels, Series]:
        answer: dict[Labels, Series] = {}
        for row in () if self.conversion else queries.rows(self.db, "budgets"):
            key = labels(
                name=row["name"],
                team=row["team"],
                metric=row["metric"],
                period=row["period"],
                currency=row["BillingCurrency"],
            )
            starts = _period_starts(window, _PERIOD_MONTHS[row["period"]])
            answer[key] = tuple(Point(day, units(row["amount_nano"]), State.CLOSED) for day in starts)
        return answer

    def _freshness(self) -> Mapping[Labels, Series]:
        answer: dict[Labels, Series] = {}
        for row in queries.rows(self.db, "sources"):
            since = from_text(row["last_load_at"] or row["first_tried_at"])
            hours = Decimal((self.now - since) // timedelta(seconds=1)) / 3600
            answer[labels(source=row["source"])] = (Point(self.now.date(), hours, State.CLOSED),)
        return answer


def _period_starts(window: Window, months: int) -> list[date]:
    """First days of the calendar periods inside the window."""
    year, month = window.start.year, window.start.month
    starts = []
    while (day := date(year, month, 1)) < window.end.date():
        if day >= window.start.date() and (month - 1) % months == 0:
            starts.append(day)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return starts

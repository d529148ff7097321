"""What everyone and each team spends: the numbers the Overview page and the weekly report share. Pure.

They come from the same answers of the snapshot and the same forecast as the rules' numbers, so they
are equal to them.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from costwatch.forecast import HISTORY_DAYS, BurnUp, Standing, burn_up, period_of, standing
from costwatch.model import METRICS, RESIDUALS, Series, Window
from costwatch.plugins import Snapshot

EVERYONE = "*"
_SERIES_DAYS = 30

_Key = tuple[str, str]  # currency, team


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """How one budget stands in its month or quarter; amounts in its own metric."""

    name: str
    period: Literal["month", "quarter"]
    metric: str
    amount: Decimal
    standing: Standing

    @property
    def over(self) -> Decimal:
        """Forecast for the period's end minus the budget; negative: within it."""
        return self.standing.forecast - self.amount


@dataclass(frozen=True, slots=True)
class TeamSpending:
    """One team's (``*``: everyone's) cost in one currency, through the settled UTC day ``through``."""

    currency: str
    team: str
    metric: str
    through: date
    month_to_date: Decimal  # from the first of the month of ``through``
    last_7_days: Decimal | None  # None: some of these days are unknown
    prior_7_days: Decimal | None
    month: tuple[BurnUp, ...]  # its cumulative cost, known and forecast, one entry a day
    budget: BudgetStanding | None
    days: Series  # the last 30 days

    @property
    def forecast(self) -> Decimal:
        """What the calendar month of ``through`` is expected to cost."""
        return self.month[-1].amount

    @property
    def change_7_days(self) -> Decimal | None:
        """Last 7 days minus the 7 before; None where either is unknown."""
        if self.last_7_days is None or self.prior_7_days is None:
            return None
        return self.last_7_days - self.prior_7_days


def spending(
    facts: Snapshot, metric: str = "EffectiveCost", through: date | None = None
) -> list[TeamSpending]:
    """Per currency everyone first, then teams by falling month to date, then residuals.

    ``through``: the last day to count, where that is earlier than ``facts.data_through``. Nothing
    settled yet: an empty list.
    """
    settled = facts.data_through
    if settled is None:
        return []
    last = min(settled, through or settled)
    by_metric = {name: _by_team(facts, name, last) for name in METRICS}
    budgets = _budgets(facts, last, by_metric)
    known = {point.day for series in by_metric[metric].values() for point in series}
    found = []
    for key, series in by_metric[metric].items():
        choices = sorted(budgets[key], key=lambda one: (one.period, one.metric != metric, one.amount))
        found.append(_team(key, series, metric, last, known, choices[0] if choices else None))
    return sorted(found, key=lambda one: (one.currency, _rank(one.team), -one.month_to_date, one.team))


def _team(
    key: _Key, series: Series, metric: str, last: date, known: set[date], budget: BudgetStanding | None
) -> TeamSpending:
    month = period_of("month", last)
    return TeamSpending(
        currency=key[0],
        team=key[1],
        metric=metric,
        through=last,
        month_to_date=sum((point.value for point in series if point.day >= month[0]), Decimal()),
        last_7_days=_week(series, last, known),
        prior_7_days=_week(series, last - timedelta(days=7), known),
        month=burn_up(series, *month, last),
        budget=budget,
        days=tuple(point for point in series if point.day > last - timedelta(days=_SERIES_DAYS)),
    )


def _by_team(facts: Snapshot, metric: str, last: date) -> Mapping[_Key, Series]:
    """From as far back as forecasts and quarters reach, through ``last``."""
    first = min(last - timedelta(days=HISTORY_DAYS), period_of("quarter", last)[0])
    window = Window.of_days(first, last + timedelta(days=1))
    found = {
        (dict(key)["currency"], EVERYONE): points for key, points in facts.series(metric, (), window).items()
    }
    for key, points in facts.series(metric, ("team",), window).items():
        names = dict(key)
        found[names["currency"], names["team"]] = points
    return found


def _budgets(
    facts: Snapshot, last: date, by_metric: Mapping[str, Mapping[_Key, Series]]
) -> Mapping[_Key, list[BudgetStanding]]:
    """The budgets whose period holds ``last``, by whom they bind."""
    window = Window.of_days(period_of("quarter", last)[0], last + timedelta(days=1))
    found: dict[_Key, list[BudgetStanding]] = defaultdict(list)
    for labels, amounts in facts.series("budget", ("name", "team", "metric", "period"), window).items():
        names = dict(labels)
        period: Literal["month", "quarter"] = "month" if names["period"] == "month" else "quarter"
        first, after = period_of(period, last)
        key = names["currency"], names["team"]
        series = by_metric[names["metric"]].get(key, ())
        for point in amounts:
            if point.day == first:
                how = standing(series, point.value, first, after, last)
                found[key].append(BudgetStanding(names["name"], period, names["metric"], point.value, how))
    return found


def _week(series: Series, last: date, known: set[date]) -> Decimal | None:
    """The seven days up to ``last``; a day without a row cost nothing if others have rows on it."""
    days = {last - timedelta(days=number) for number in range(7)}
    if not days <= known:
        return None
    return sum((point.value for point in series if point.day in days), Decimal())


def _rank(team: str) -> int:
    return 0 if team == EVERYONE else 2 if team in RESIDUALS else 1

"""What everyone and each team spends: the numbers the Overview page and the weekly report share. Pure.

They are made of the same series and by the same forecast as the rules' numbers, so they are equal to them.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from costwatch.cost.counting import EVERYTHING, basis
from costwatch.cost.explain import within
from costwatch.cost.forecast import HISTORY_DAYS, BurnUp, Outlook, burn_up, outlook, period_name, period_of
from costwatch.model import BEFORE_CREDITS, RESIDUALS, Series, SeriesByLabels, Window
from costwatch.wording import on_day

EVERYONE = "*"
_SERIES_DAYS = 30

_Key = tuple[str, str]  # currency, team


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """How one budget stands in its month or quarter; amounts in its own ``metric``, a ``counting.basis``."""

    name: str
    period: Literal["month", "quarter"]
    metric: str
    amount: Decimal
    outlook: Outlook

    @property
    def over(self) -> Decimal:
        """Forecast for the period's end minus the budget; negative: within it."""
        return self.outlook.forecast - self.amount

    def leads_to(self, through: date) -> str:
        """``the month is forecast at``, or ``October 2026 came to`` where ``through`` is its last day."""
        if self.outlook.is_complete:
            return f"{period_name(self.period, through)} came to"
        return f"the {self.period} is forecast at"


@dataclass(frozen=True, slots=True)
class BeforeCredits:
    """What a month would cost without its credits and refunds, which are ``credits`` to date (below 0)."""

    month_to_date: Decimal
    forecast: Decimal
    credits: Decimal


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
    before_credits: BeforeCredits | None = None  # None: the month has no credits or refunds

    @property
    def forecast(self) -> Decimal:
        """What the calendar month of ``through`` is expected to cost."""
        return self.month[-1].amount

    @property
    def is_complete(self) -> bool:
        """Whether that month has no day to come: then ``forecast`` is what it came to."""
        return self.month[-1].is_settled

    def past_month(self, today: date) -> str:
        """``October 2026, complete`` or ``October 2026, to 20 Oct 2026``; empty while its month runs."""
        if period_of("month", self.through) == period_of("month", today):
            return ""
        reach = "complete" if self.is_complete else f"to {on_day(self.through)}"
        return f"{period_name('month', self.through)}, {reach}"

    @property
    def change_7_days(self) -> Decimal | None:
        """Last 7 days minus the 7 before; None where either is unknown."""
        if self.last_7_days is None or self.prior_7_days is None:
            return None
        return self.last_7_days - self.prior_7_days


@dataclass(frozen=True, slots=True)
class DailyCosts:
    """Daily cost in one metric, of everything and by team; with ``currency`` among the labels."""

    whole: SeriesByLabels
    by_team: SeriesByLabels


def window_of(last: date) -> Window:
    """The days that ``spending`` through ``last`` looks at: as far back as forecasts and quarters reach."""
    first = min(last - timedelta(days=HISTORY_DAYS), period_of("quarter", last)[0])
    return Window.of_days(first, last + timedelta(days=1))


def spending(
    costs: Mapping[str, DailyCosts], budgets: SeriesByLabels, last: date, metric: str = "EffectiveCost"
) -> list[TeamSpending]:
    """Per currency everyone first, then teams by falling month to date, then residuals.

    costs: by ``counting.basis``, with at least the days of ``window_of``: of ``metric``, of the same before
    credits where that is known, and of what budgets count. budgets: the query ``budget`` over the
    quarter. last: the settled UTC day through which is counted.
    """
    by_metric = {name: _by_team(found, last) for name, found in costs.items()}
    binding = _budgets(budgets, last, by_metric)
    known = {point.day for series in by_metric[metric].values() for point in series}
    before = by_metric.get(BEFORE_CREDITS.get(metric, metric), by_metric[metric])
    found = []
    for key, series in by_metric[metric].items():
        choices = sorted(binding[key], key=lambda one: (one.period, one.metric != metric, one.amount))
        one = _team(key, series, metric, last, known, choices[0] if choices else None)
        found.append(replace(one, before_credits=_before_credits(one, before.get(key, ()))))
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


def _before_credits(of: TeamSpending, series: Series) -> BeforeCredits | None:
    line = burn_up(series, *period_of("month", of.through), of.through)
    to_date = next((entry.amount for entry in reversed(line) if entry.is_settled), Decimal())
    if [entry.amount for entry in line] == [entry.amount for entry in of.month]:
        return None
    return BeforeCredits(to_date, line[-1].amount, of.month_to_date - to_date)


def _by_team(costs: DailyCosts, last: date) -> Mapping[_Key, Series]:
    window = window_of(last)
    first, after = window.start.date(), window.end.date()
    return {
        (dict(key)["currency"], dict(key).get("team", EVERYONE)): points
        for answer in (costs.whole, costs.by_team)
        for key, points in within(answer, first, after).items()
    }


def _budgets(
    budgets: SeriesByLabels, last: date, by_metric: Mapping[str, Mapping[_Key, Series]]
) -> Mapping[_Key, list[BudgetStanding]]:
    """The budgets whose period holds ``last``, by whom they bind."""
    found: dict[_Key, list[BudgetStanding]] = defaultdict(list)
    for labels, amounts in budgets.items():
        names = dict(labels)
        period: Literal["month", "quarter"] = "month" if names["period"] == "month" else "quarter"
        first, after = period_of(period, last)
        key = names["currency"], names["team"]
        metric = basis(names["metric"], names.get("include", EVERYTHING))
        series = by_metric[metric].get(key, ())
        for point in amounts:
            if point.day == first:
                how = outlook(series, point.value, first, after, last)
                found[key].append(BudgetStanding(names["name"], period, metric, point.value, how))
    return found


def _week(series: Series, last: date, known: set[date]) -> Decimal | None:
    """The seven days up to ``last``; a day without a row cost nothing if others have rows on it."""
    days = {last - timedelta(days=number) for number in range(7)}
    if not days <= known:
        return None
    return sum((point.value for point in series if point.day in days), Decimal())


def _rank(team: str) -> int:
    return 0 if team == EVERYONE else 2 if team in RESIDUALS else 1

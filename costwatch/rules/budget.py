"""Rule kind ``budget``: what is spent, or will be spent, against the budgets of costwatch.yaml."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, Field, model_validator

from costwatch.cost.counting import EVERYTHING, basis, counted
from costwatch.cost.forecast import HISTORY_DAYS, Outlook, outlook, period_name, period_of
from costwatch.model import REACHED, About, Finding, Labels, Point, Series, Verdict, Window, labels
from costwatch.money import exact, short
from costwatch.plugins import RuleSettings, Selection, Settings, Snapshot, recent
from costwatch.wording import digits, on_day, percent

_DAY = timedelta(days=1)
_LARGEST_SHARE = 10  # of a budget; what is more was meant as a percentage
_LABELS = ("name", "team", "metric", "period", "include")


def _ascending(shares: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    if list(shares) != sorted(set(shares)):
        raise ValueError("must be ascending, each share once")
    return shares


def _no_percentage(share: Decimal) -> Decimal:
    if share > _LARGEST_SHARE:
        raise ValueError(
            f"must be at most {_LARGEST_SHARE}; write {digits(share / 100)} for {digits(share)} %"
        )
    return share


Share = Annotated[
    Decimal,
    Field(gt=0, json_schema_extra={"maximum": _LARGEST_SHARE}),
    AfterValidator(_no_percentage),
]


class ForecastCheck(Settings):
    """at: the share of the budget that the period-end forecast may reach (1.0: all of it)."""

    at: Share = Decimal(1)


class Budget(RuleSettings):
    """Budgets of the period that holds the newest settled day (see ``settle``): one finding for each budget.

    at: shares of the amount, ascending; spending as much is a breach, and the highest share reached is
    told. forecast: ``{at: 1.0}`` to be told too when the forecast for the period's end is over that
    share; leave it out to go by what is spent only. steps: an amount in the budget's currency, to be told
    each time that as much more is spent, also beyond the budget; with it, ``at`` may be empty. teams: only
    the budgets of these teams (``*``: the budget of the whole bill); none: all budgets.

    Each further share or step fires anew, once in a period. A step that was told stays reached until the
    period ends, though a later delivery takes some of it away.

    Where the bill does not reach back to the period's first day, only a breach is known for sure.

    Example::

        - {name: MonthBudget, kind: budget, at: [0.8, 1.0], forecast: {at: 1.0}}
        - {name: EveryTenThousand, kind: budget, at: [], steps: 10000}
    """

    at: Annotated[tuple[Share, ...], AfterValidator(_ascending)] = (Decimal(1),)
    forecast: ForecastCheck | None = None
    steps: Decimal | None = Field(default=None, gt=0)
    teams: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if not self.at and self.forecast is None and self.steps is None:
            raise ValueError("give 'at', 'forecast' or 'steps'")
        return self

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        return (Selection("budget", _LABELS, {"team": self.teams} if self.teams else {}),)

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return ("team", "period", "budget")

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        through = self._through(facts, now)
        if through is None:
            unknown = "no cost day is settled yet"
            yield Finding((), Verdict.UNKNOWN, None, None, "", unknown, About("budget"))
            return
        # One window for all budgets of all rules, so that they share one answer: a quarter holds every
        # month, and reaches far enough back to learn what days to come cost.
        start, after = period_of("quarter", through)
        costs = Window.of_days(min(start, through - HISTORY_DAYS * _DAY), through + _DAY)
        answer = facts.series("budget", _LABELS, Window.of_days(start, after))
        told = self._told(facts, now) if self.steps else {}
        for key, amounts in sorted(answer.items()):
            budget = _BudgetPeriod.of(key, amounts, through)
            if budget is None or (self.teams and budget.team not in self.teams):
                continue
            whole = facts.series(budget.metric, (), costs)
            who = {} if budget.team == "*" else {"team": budget.team}
            series = counted(
                lambda metric, by: facts.series(metric, by, costs), budget.metric, budget.include, tuple(who)
            ).get(labels(**who, currency=budget.currency), ())
            covered = any(total[0].day <= budget.start for total in whole.values())
            yield self._finding(budget, series, through, told.get(budget.labels, Decimal()), covered=covered)

    def _through(self, facts: Snapshot, now: datetime) -> date | None:
        if self.settle == "settled":
            return facts.data_through
        costs = facts.series("EffectiveCost", (), recent(facts, now)).values()
        return self.newest_day(facts, (point.day for series in costs for point in series))

    def _told(self, facts: Snapshot, now: datetime) -> dict[Labels, Decimal]:
        """The labels of its instances -> the amount that was told as reached."""
        today = Window.of_days(now.date(), now.date() + _DAY)
        answer = facts.series("budget_reached", ("rule", "budget", "team", "period"), today)
        own = {key: series for key, series in answer.items() if ("rule", self.name) in key}
        names = ("budget", "team", "period")
        return {tuple(pair for pair in key if pair[0] in names): own[key][-1].value for key in own}

    def _finding(
        self, budget: "_BudgetPeriod", series: Series, through: date, told: Decimal, *, covered: bool
    ) -> Finding:
        at = outlook(series, budget.amount, budget.start, budget.after, through)
        value, reached = at.spent, max(self._reached(budget, at.spent), self._step_of(told))
        verdict = Verdict.BREACH if reached else Verdict.OK if covered else Verdict.UNKNOWN
        limit = reached or self._first(budget)
        if not reached and self.forecast and at.forecast > self.forecast.at * budget.amount:
            verdict, value, limit = Verdict.BREACH, at.forecast, self.forecast.at * budget.amount
        said, evidence = _summary(budget, at, through), _evidence(budget, at, through)
        if self.steps and reached:
            was = "" if at.spent >= reached else " before"
            said += f"; {exact(reached, budget.currency)} reached{was}"
        if reached:
            evidence = {**evidence, REACHED: digits(reached)}
        return Finding(
            budget.labels, verdict, value, limit, budget.currency, said, budget.about(through), evidence
        )

    def _reached(self, budget: "_BudgetPeriod", spent: Decimal) -> Decimal:
        """The highest of its amounts that is spent; 0 where none is."""
        shares = [share * budget.amount for share in self.at if spent >= share * budget.amount]
        return max([*shares, self._step_of(spent)])

    def _step_of(self, amount: Decimal) -> Decimal:
        """The highest step up to an amount; 0 where there is none."""
        return amount // self.steps * self.steps if self.steps and amount > 0 else Decimal()

    def _first(self, budget: "_BudgetPeriod") -> Decimal:
        """The least of its amounts."""
        shares = [share * budget.amount for share in self.at[:1]] or ([] if self.steps else [budget.amount])
        return min([*shares, *([self.steps] if self.steps else [])])


@dataclass(frozen=True)
class _BudgetPeriod:
    """One budget in one period: days ``start`` up to, not including, ``after``."""

    name: str
    team: str
    metric: str
    kind: Literal["month", "quarter"]
    currency: str
    amount: Decimal
    include: str
    start: date
    after: date

    @classmethod
    def of(cls, key: Labels, amounts: tuple[Point, ...], through: date) -> "_BudgetPeriod | None":
        is_ = dict(key)
        kind = cast(Literal["month", "quarter"], is_["period"])
        start, after = period_of(kind, through)
        amount = next((point.value for point in amounts if point.day == start), None)
        if amount is None:
            return None
        include = is_.get("include", EVERYTHING)
        return cls(
            is_["name"], is_["team"], is_["metric"], kind, is_["currency"], amount, include, start, after
        )

    @property
    def labels(self) -> Labels:
        quarter = f"Q{(self.start.month + 2) // 3}"
        period = f"{self.start:%Y-%m}" if self.kind == "month" else f"{self.start:%Y}-{quarter}"
        return labels(team=self.team, period=period, budget=self.name)

    def about(self, through: date) -> About:
        """A running total: of the days it counts, the newest."""
        days = Window.of_days(through, through + _DAY)
        return About("budget", ("name",), {"name": (self.name,)}, days)


def _summary(budget: _BudgetPeriod, at: Outlook, through: date) -> str:
    who = "all teams" if budget.team == "*" else budget.team
    spent, amount = exact(at.spent, budget.currency), exact(budget.amount, budget.currency)
    share, of_amount = at.spent / budget.amount, at.forecast / budget.amount
    if at.is_complete:
        return f"{who}: {period_name(budget.kind, through)} came to {spent} of {amount} ({percent(share)})"
    forecast = short(at.forecast, budget.currency)
    ending = f"{percent(of_amount - 1)} over" if of_amount > 1 else f"{percent(of_amount)} of it"
    counted_as = basis(budget.metric, budget.include)
    note = "" if counted_as == budget.metric else f"; counted is {counted_as}"
    return (
        f"{who}: {spent} of {amount} spent by {on_day(through)} ({percent(share)}); "
        f"{budget.kind}-end forecast {forecast}, {ending}{note}"
    )


def _evidence(budget: _BudgetPeriod, at: Outlook, through: date) -> Mapping[str, Any]:
    return {
        "metric": basis(budget.metric, budget.include),
        "amount": digits(budget.amount),
        "spent": digits(at.spent),
        "forecast": digits(round(at.forecast, 2)),
        "low": digits(round(at.low, 2)),
        "high": digits(round(at.high, 2)),
        "crossing_day": at.crossing_day.isoformat() if at.crossing_day else None,
        "period_start": budget.start.isoformat(),
        "period_end": budget.after.isoformat(),
        "through": through.isoformat(),
    }

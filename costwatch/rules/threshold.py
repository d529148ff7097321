"""Rule kind ``threshold``: cost, or what sources measure, above or below a fixed amount."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, ValidationInfo, model_validator

from costwatch.cost.dimensions import all_as_kept
from costwatch.errors import UsageError
from costwatch.model import (
    COST_METRICS,
    DIMENSIONS,
    About,
    Finding,
    Impact,
    Labels,
    Verdict,
    Window,
    is_dimension,
    labels,
)
from costwatch.money import exact
from costwatch.plugins import (
    FactQuery,
    MatchedValues,
    RuleSettings,
    Selection,
    Snapshot,
    WholeDays,
    accepted,
    fact_query,
    matching,
    one_of,
    recent,
)
from costwatch.wording import amount as in_digits
from costwatch.wording import on_day, quantity

_DAY = timedelta(days=1)
_MEASURE = "measure"
_NOT_SUMMED = ("ratio", "burn")  # neither over days nor over labels


def _is_label(name: str, configured: Collection[str]) -> bool:
    return is_dimension(name, configured) or name == _MEASURE


def _metric(name: str) -> str:
    """Raises ValueError for what cannot be added up day by day."""
    if name not in COST_METRICS and fact_query(name).step != _DAY:
        raise ValueError(f"'{name}' is not told by the day; its own rule kind looks at it")
    return name


def _label(name: str, info: ValidationInfo) -> str:
    metric = info.data.get("metric")
    if metric is None or metric in (*COST_METRICS, _MEASURE):
        return str(_of_cost(name, info))
    fact_query(metric, [name])
    return name


_of_cost: Any = one_of(DIMENSIONS, is_known=_is_label).func
Label = Annotated[str, AfterValidator(_label)]


class Threshold(RuleSettings):
    """Cost of the last settled days above or below an amount: one finding for each combination of ``by``.

    With ``metric: measure``, and ``measure`` among ``match``, it looks at what sources measure: by the labels
    of that, as ``label:model``, or by ``source``; amounts are in its own unit, and days of which a part was
    not measured are unknown. So it does with any other fact that is told by the day, such as
    ``cpu_requested_core_hours``, by its own labels (`costwatch plugins` lists facts).

    by: labels that tell instances apart (team, service, account, …, and what ``dimensions`` adds, such as
    product); none: one sum of everything.
    match: label -> the value or values it must have. metric: EffectiveCost or BilledCost, or either
    without credits and refunds, EffectiveCostBeforeCredits or BilledCostBeforeCredits; or another fact.
    window: whole days, summed, up to the newest settled one. above, below: the amounts, in
    ``currency``; costs in other currencies are not looked at. settle: ``settled``, or ``estimated`` to
    look at the newest day that has any cost, however incomplete; state: its older name.

    What it costs a month if it stays (see ``min_impact``) is what is spent above, and not known below. A
    day that is settled and has no cost of a team counts as 0. Before any day is settled, or where
    the bill does not reach back over the whole window, the verdict is unknown.

    Example::

        - {name: TeamDailySpend, kind: threshold, by: [team], above: 5000, severity: ticket}
        - {name: NatLeak, kind: threshold, by: [team], above: 300,
           match: {service: Amazon Virtual Private Cloud}}
        - {name: FewPredictions, kind: threshold, metric: measure, match: {measure: predictions}, below: 1000}
        - {name: WeekOfTraining, kind: threshold, by: [team, service], window: 7d, above: 40000, for: 1d}
    """

    metric: Annotated[str, AfterValidator(_metric)] = "EffectiveCost"
    by: tuple[Label, ...] = ()
    match: Mapping[Label, MatchedValues] = Field(default_factory=dict)
    window: WholeDays = _DAY
    above: Decimal | None = Field(default=None, ge=0)
    below: Decimal | None = Field(default=None, ge=0)
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    settle: Literal["settled", "estimated"] = Field(
        default="settled", validation_alias=AliasChoices("settle", "state")
    )

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError("give 'above', 'below' or both")
        if "currency" in self.match:
            raise ValueError("match takes no currency; write it beside 'match', such as currency: EUR")
        if self.above is not None and self.below is not None and self.below > self.above:
            raise ValueError("'below' is more than 'above': every amount would be in breach")
        return self

    @model_validator(mode="after")
    def _has_the_labels(self) -> Self:
        asked = {*self.by, *self.match}
        if self.metric != _MEASURE and _MEASURE in asked:
            raise ValueError("cost has no label 'measure'; give metric: measure, or leave it out")
        if self.metric == _MEASURE and _MEASURE not in self.match:
            raise ValueError("say which measure, such as match: {measure: predictions}")
        for name in sorted(asked - {_MEASURE, "source"}):
            if self.metric == _MEASURE and not name.startswith("label:"):
                raise ValueError(f"measures have no label '{name}'; write label:{name}, or leave it out")
        if self._fact.unit in _NOT_SUMMED and self.window != _DAY:
            raise ValueError(f"days of {self.metric} cannot be added up; write window: 1d")
        return self

    @cached_property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        return (Selection(self.metric, self._asked, self._where),)

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return self.by

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        span = recent(facts, now)
        if self.metric not in COST_METRICS:
            yield from self._of_facts(facts, span)
            return
        whole = facts.series(self.metric, (), span)
        mine = whole.get(labels(currency=self.currency), ())
        newest = self.newest_day(facts, (point.day for point in mine))
        if newest is None:
            unknown, about = "no cost day is settled yet", About(self.metric)
            yield Finding((), Verdict.UNKNOWN, None, self.above, self.currency, unknown, about)
            return
        first = newest - self.window + _DAY
        covered = any(series[0].day <= first for series in whole.values())
        days = Window.of_days(first, newest + _DAY)
        for instance, amount in self._amounts(facts, span, days).items():
            yield self._finding(instance, amount, days, newest, covered=covered)

    def _of_facts(self, facts: Snapshot, span: Window) -> Iterator[Finding]:
        found: dict[Labels, dict[date, Decimal]] = defaultdict(dict)
        for key, series in matching(facts.series(self.metric, self._asked, span), self._where).items():
            instance = tuple(pair for pair in key if pair[0] in self.by)
            mine = found[instance]
            for point in series:
                if point.state.is_settled or self.settle == "estimated":
                    if point.day in mine and self._fact.unit in _NOT_SUMMED:
                        what = f"{self.metric} of {dict(key)} cannot be added to another"
                        raise UsageError(f"{self.name}: {what}; name its labels under 'by' or 'match'")
                    mine[point.day] = mine.get(point.day, Decimal()) + point.value
        newest = max((day for of in found.values() for day in of), default=None)
        if newest is None:
            unknown = "no day of it is known yet"
            yield Finding((), Verdict.UNKNOWN, None, self.above, self._unit, unknown, About(self.metric))
            return
        days = Window.of_days(newest - self.window + _DAY, newest + _DAY)
        for instance, of in found.items():
            within = [value for day, value in of.items() if days.start.date() <= day <= newest]
            covered = len(within) == self.window.days
            yield self._finding(instance, sum(within, Decimal()), days, newest, covered=covered)

    @cached_property
    def _fact(self) -> FactQuery:
        return fact_query(self.metric)

    @cached_property
    def _asked(self) -> tuple[str, ...]:
        """The labels asked for, always in one order, so that rules share answers."""
        asked = {*self.by, *self.match}
        keyed = sorted(asked - {*DIMENSIONS})
        return (*(name for name in DIMENSIONS if name in asked), *keyed)

    @cached_property
    def _where(self) -> dict[str, tuple[str, ...]]:
        where = accepted(self.match)
        if not self._is_money:
            return where
        kept = all_as_kept(where) if self.metric in COST_METRICS else where
        return {**kept, "currency": (self.currency,)}

    @property
    def _unit(self) -> str:
        """A measure's own unit is not told."""
        return "" if self.metric == _MEASURE else self.currency if self._is_money else self._fact.unit

    @cached_property
    def _is_money(self) -> bool:
        return self._fact.unit == "currency"

    def _told(self, amount: Decimal) -> str:
        if self._is_money:
            return exact(amount, self.currency)
        return quantity(amount, self._unit) if self._unit else in_digits(amount)

    def _amounts(self, facts: Snapshot, span: Window, days: Window) -> Mapping[Labels, Decimal]:
        """What each instance that cost anything in ``span`` cost in ``days``."""
        sums = facts.totals(self.metric, self._asked, (span, days))
        found: dict[Labels, Decimal] = defaultdict(Decimal)
        for key in matching(sums[span], self._where):
            found[tuple(pair for pair in key if pair[0] in self.by)] += sums[days].get(key, Decimal())
        return found

    def _finding(
        self, instance: Labels, amount: Decimal, days: Window, newest: date, *, covered: bool
    ) -> Finding:
        is_above = self.above is not None and amount > self.above
        is_below = self.below is not None and amount < self.below
        limit = self.below if is_below or self.above is None else self.above
        span = "on" if self.window == _DAY else f"in the {self.window.days} days to"
        said = f"{self._subject(instance)}: {self._told(amount)} {span} {on_day(newest)}"
        if not covered:
            verdict, said = Verdict.UNKNOWN, f"{said}, of which not every day is known"
        elif limit is not None and (is_above or is_below):
            verdict = Verdict.BREACH
            said = f"{said}, {'above' if is_above else 'below'} {self._told(limit)}"
        else:
            verdict = Verdict.OK
        about = self._about(instance, amount, days)
        impact = self._impact(amount) if verdict is Verdict.BREACH and self._is_money else None
        return Finding(instance, verdict, amount, limit, self._unit, said, about, impact=impact)

    def _impact(self, amount: Decimal) -> Impact | None:
        if self.above is None or amount <= self.above:
            return None
        return Impact.of_days(amount - self.above, self.window.days, self.currency)

    def _subject(self, instance: Labels) -> str:
        values = dict(instance)
        fixed = {name: ", ".join(self._where[name]) for name in self.match if name not in self.by}
        named = [values[name] for name in dict.fromkeys(self.by) if name in values]
        return " · ".join([*named, *fixed.values()]) or "the whole bill"

    def _about(self, instance: Labels, amount: Decimal, days: Window) -> About:
        where = self._where | {name: (value,) for name, value in instance}
        return About(self.metric, self._asked, where, days, amount)

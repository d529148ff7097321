"""Rule kind ``threshold``: cost above or below a fixed amount."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, model_validator

from costwatch.cost.settings import CostMetric
from costwatch.model import (
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
    RECENT_DAYS,
    Duration,
    RuleSettings,
    Selection,
    Snapshot,
    matching,
    recent,
    unknown_name,
)
from costwatch.wording import on_day

_DAY = timedelta(days=1)


def _known(name: str) -> str:
    if not is_dimension(name):
        raise ValueError(unknown_name(f"'{name}' is no label", name, DIMENSIONS))
    return name


def _whole_days(window: timedelta) -> timedelta:
    if window % _DAY or not _DAY <= window <= RECENT_DAYS * _DAY:
        raise ValueError(f"must be whole days, 1d to {RECENT_DAYS}d")
    return window


Dimension = Annotated[str, AfterValidator(_known)]
Span = Annotated[Duration, AfterValidator(_whole_days)]


class Threshold(RuleSettings):
    """Cost of the last settled days above or below an amount: one finding for each combination of ``by``.

    by: labels that tell instances apart (team, service, account, …); none: one sum of everything.
    match: label -> the value or values it must have. metric: EffectiveCost or BilledCost, or either
    without credits and refunds, EffectiveCostBeforeCredits or BilledCostBeforeCredits.
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
        - {name: WeekOfTraining, kind: threshold, by: [team, service], window: 7d, above: 40000, for: 1d}
    """

    by: tuple[Dimension, ...] = ()
    match: Mapping[Dimension, str | tuple[str, ...]] = Field(default_factory=dict)
    metric: CostMetric = "EffectiveCost"
    window: Span = _DAY
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

    @cached_property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        return (Selection(self.metric, self._asked, self._where),)

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        span = recent(facts, now)
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

    @cached_property
    def _asked(self) -> tuple[str, ...]:
        """The labels asked for, always in one order, so that rules share answers."""
        asked = {*self.by, *self.match}
        keyed = sorted(asked - {*DIMENSIONS})
        return (*(name for name in DIMENSIONS if name in asked), *keyed)

    @cached_property
    def _where(self) -> dict[str, tuple[str, ...]]:
        values = {name: (value,) if isinstance(value, str) else value for name, value in self.match.items()}
        return {**values, "currency": (self.currency,)}

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
        said = f"{self._subject(instance)}: {exact(amount, self.currency)} {span} {on_day(newest)}"
        if not covered:
            verdict, said = Verdict.UNKNOWN, f"{said}, of which not every day is known"
        elif limit is not None and (is_above or is_below):
            verdict = Verdict.BREACH
            said = f"{said}, {'above' if is_above else 'below'} {exact(limit, self.currency)}"
        else:
            verdict = Verdict.OK
        about = self._about(instance, amount, days)
        impact = self._impact(amount) if verdict is Verdict.BREACH else None
        return Finding(instance, verdict, amount, limit, self.currency, said, about, impact=impact)

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

"""Rule kind ``coverage``: too much cost that nobody carries, or clusters of which too little is measured."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from costwatch.cost.settings import CostMetric
from costwatch.model import (
    DIMENSIONS,
    About,
    Finding,
    Impact,
    Labels,
    Series,
    Verdict,
    Window,
    labels,
)
from costwatch.money import exact
from costwatch.plugins import (
    MatchedValues,
    RuleSettings,
    Selection,
    Snapshot,
    WholeDays,
    accepted,
    matching,
    one_of,
    recent,
)
from costwatch.wording import on_day, percent

_DAY = timedelta(days=1)
_OWNERS = ("team", "parent", "cost_center")
_NAMED_DAYS = 3


_BY = [name for name in DIMENSIONS if name not in (*_OWNERS, "currency")]
Dimension = Annotated[str, one_of(_BY, "label to tell covered costs apart by")]
Share = Annotated[Decimal, Field(gt=0, le=1)]


class Coverage(RuleSettings):
    """Cost that no team carries as a share of all cost, and time of nodes that nobody measured.

    max_share: of the cost of ``window``, what may be one of ``of``: ``unallocated`` (no tag and no account
    names its owner), ``unmeasured`` (what it is shared by is missing) or ``idle``; one finding for each
    combination of ``by`` (provider, pool, account, …; none: of all cost). match: label -> the value or
    values it must have. metric, currency: as ``threshold`` has them. window: whole days up to the newest
    settled one.

    min_measured_share: of the time of the nodes of a cluster, what must be measured, in as many days up to
    the newest that was read whole; one finding for each cluster.

    What it costs a month if it stays (see ``min_impact``) is what is above the share. A combination that
    costs nothing, or less, has no share: its verdict is unknown.

    Example::

        - {name: Unowned, kind: coverage, max_share: 0.05, by: [provider], window: 7d}
        - {name: Unmeasured, kind: coverage, of: [unmeasured], max_share: 0.1, by: [pool],
           min_measured_share: 0.9}
    """

    of: tuple[Literal["unallocated", "unmeasured", "idle"], ...] = ("unallocated", "unmeasured")
    max_share: Share | None = None
    by: tuple[Dimension, ...] = ()
    match: Mapping[Dimension, MatchedValues] = Field(default_factory=dict)
    metric: CostMetric = "EffectiveCost"
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    window: WholeDays = 7 * _DAY
    min_measured_share: Share | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.max_share is None and self.min_measured_share is None:
            raise ValueError("give 'max_share', 'min_measured_share' or both")
        if not self.of:
            raise ValueError("name at least one of unallocated, unmeasured and idle under 'of'")
        return self

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        costs = (Selection(self.metric, self._asked, self._where),) if self.max_share is not None else ()
        nodes = (
            (Selection("node_expected_hours", ("cluster",)),) if self.min_measured_share is not None else ()
        )
        return costs + nodes

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        if self.max_share is not None:
            yield from self._costs(facts, recent(facts, now), self.max_share)
        if self.min_measured_share is not None:
            yield from self._clusters(facts, recent(facts, now), self.min_measured_share)

    @property
    def _asked(self) -> tuple[str, ...]:
        """The labels asked for, always in one order, so that rules share answers."""
        return tuple(name for name in DIMENSIONS if name in (*self.by, *self.match, "team", "pool"))

    @property
    def _where(self) -> dict[str, tuple[str, ...]]:
        return {**accepted(self.match), "currency": (self.currency,)}

    def _costs(self, facts: Snapshot, span: Window, above: Decimal) -> Iterator[Finding]:
        whole = facts.series(self.metric, (), span)
        newest = self.newest_day(facts, (point.day for series in whole.values() for point in series))
        if newest is None:
            unknown, about = "no cost day is settled yet", About(self.metric)
            yield Finding((), Verdict.UNKNOWN, None, above, "ratio", unknown, about)
            return
        first = newest - self.window + _DAY
        covered = any(series[0].day <= first for series in whole.values())
        days = Window.of_days(first, newest + _DAY)
        instances: dict[Labels, _Costs] = defaultdict(lambda: _Costs(self.of))
        for key, series in matching(facts.series(self.metric, self._asked, span), self._where).items():
            instances[tuple(pair for pair in key if pair[0] in self.by)].add(dict(key), series, days)
        for instance, costs in sorted(instances.items()):
            if costs.total or costs.lost:
                yield self._finding(instance, costs, days, above, covered=covered)

    def _finding(
        self, instance: Labels, costs: "_Costs", days: Window, above: Decimal, *, covered: bool
    ) -> Finding:
        where = self._where | {name: (value,) for name, value in instance} | {"team": tuple(self.of)}
        about = About(self.metric, self._asked, where, days)
        named = [value for _, value in instance] or ["all cost"]
        said = (
            f"{' · '.join(named)}: {exact(costs.lost, self.currency)} of {exact(costs.total, self.currency)}"
        )
        said += f" {' or '.join(self.of)} {_in(days)}"
        if not covered or costs.total <= 0:
            why = "of which not every day is known" if not covered else "which is no share of anything"
            return Finding(instance, Verdict.UNKNOWN, None, above, "ratio", f"{said}, {why}", about)
        share = round(costs.lost / costs.total, 6)
        if share <= above:
            return Finding(instance, Verdict.OK, share, above, "ratio", f"{said}, {percent(share)}", about)
        said += f", {percent(share)}, above {percent(above)}"
        said += f" since {on_day(costs.since(above, days.end.date() - _DAY))}"
        if "pool" not in self.by:
            said += f"; most of it in pool {costs.largest_pool}"
        days_count = (days.end - days.start).days
        impact = Impact.of_days(costs.lost - above * costs.total, days_count, self.currency)
        return Finding(
            instance, Verdict.BREACH, share, above, "ratio", said, about, costs.evidence, impact=impact
        )

    def _clusters(self, facts: Snapshot, span: Window, below: Decimal) -> Iterator[Finding]:
        lived = facts.series("node_expected_hours", ("cluster",), span)
        measured = facts.series("node_measured_hours", ("cluster",), span)
        for key, series in sorted(lived.items()):
            newest = max(
                (point.day for point in series if self._counts(point.state.is_settled)), default=None
            )
            if newest is None:
                continue
            days = Window.of_days(newest - self.window + _DAY, newest + _DAY)
            yield _of_cluster(key, series, measured.get(key, ()), days, below)

    def _counts(self, is_settled: bool) -> bool:
        return is_settled or self.settle == "estimated"


class _Costs:
    """What one instance cost: in a window, and day by day, in all and of what nobody carries."""

    def __init__(self, of: tuple[str, ...]) -> None:
        self.of = of
        self.total = self.lost = Decimal()
        self.by_day: dict[date, list[Decimal]] = defaultdict(lambda: [Decimal(), Decimal()])
        self.lost_by_pool: dict[str, Decimal] = defaultdict(Decimal)
        self.lost_by_team: dict[str, Decimal] = defaultdict(Decimal)

    def add(self, of: Mapping[str, str], series: Series, days: Window) -> None:
        """The costs of one combination of labels."""
        is_lost = of["team"] in self.of
        for point in series:
            self.by_day[point.day][0] += point.value
            self.by_day[point.day][1] += point.value * is_lost
            if days.start <= point.at < days.end:
                self.total += point.value
                self.lost += point.value * is_lost
                if is_lost:
                    self.lost_by_pool[of["pool"]] += point.value
                    self.lost_by_team[of["team"]] += point.value

    @property
    def largest_pool(self) -> str:
        """The pool of most of what nobody carries."""
        return min(self.lost_by_pool, key=lambda pool: (-self.lost_by_pool[pool], pool), default="")

    @property
    def evidence(self) -> Mapping[str, object]:
        """What nobody carries, by residual and by pool."""
        parts = {"by_team": self.lost_by_team, "by_pool": self.lost_by_pool}
        return {
            name: {of: str(amount) for of, amount in sorted(found.items())} for name, found in parts.items()
        }

    def since(self, above: Decimal, newest: date) -> date:
        """The first of the days up to ``newest`` that were all above a share, days without cost left out."""
        since = newest
        for day in sorted((day for day in self.by_day if day <= newest), reverse=True):
            total, lost = self.by_day[day]
            if total > 0:
                if lost <= above * total:
                    break
                since = day
        return since


def _of_cluster(key: Labels, lived: Series, measured: Series, days: Window, below: Decimal) -> Finding:
    expected = {point.day: point.value for point in lived if days.start <= point.at < days.end}
    known = {point.day: point.value for point in measured if days.start <= point.at < days.end}
    total = sum(expected.values(), Decimal())
    instance = labels(**dict(key), coverage="nodes")
    about = About("node_expected_hours", ("cluster",), {"cluster": (dict(key)["cluster"],)}, days, total)
    name = dict(key)["cluster"] or "a cluster without a name"
    if total <= 0:
        said = f"{name}: no node lived {_in(days)}"
        return Finding(instance, Verdict.UNKNOWN, None, below, "ratio", said, about)
    share = round(sum(known.values(), Decimal()) / total, 6)
    said = f"{name}: {percent(share)} of the time of its nodes is measured {_in(days)}"
    if share >= below:
        return Finding(instance, Verdict.OK, share, below, "ratio", said, about)
    shares = {day: known.get(day, Decimal()) / of for day, of in expected.items() if of > 0}
    worst = sorted((day for day in shares if shares[day] < below), key=lambda day: (shares[day], day))
    named = ", ".join(f"{on_day(day)} ({percent(shares[day])})" for day in worst[:_NAMED_DAYS])
    said += f", {percent(below)} are wanted; least on {named}"
    return Finding(instance, Verdict.BREACH, share, below, "ratio", said, about)


def _in(days: Window) -> str:
    newest, count = days.end.date() - _DAY, (days.end - days.start).days
    return f"on {on_day(newest)}" if count == 1 else f"in the {count} days to {on_day(newest)}"

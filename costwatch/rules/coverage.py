"""Rule kind ``coverage``: cost that nobody carries or tags, clusters of which too little is known."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from costwatch.cost.coverage import CoveredCosts, how_to_tell, untold_days
from costwatch.cost.dimensions import all_as_kept
from costwatch.cost.settings import CostMetric
from costwatch.model import (
    DIMENSIONS,
    TAGGED,
    UNTAGGED,
    About,
    Finding,
    Impact,
    Labels,
    Series,
    Verdict,
    Window,
    allocated_key,
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
_NAMED_DAYS = 3
_NOT_OF_COVERAGE = ("parent", "cost_center", "currency")
# By what untagged costs can be told apart.
_OF_TAGGING = ("team", "provider", "account", "charge_kind")


_BY = [name for name in DIMENSIONS if name not in _NOT_OF_COVERAGE]


def _is_label(name: str, configured: Collection[str] = ()) -> bool:
    return name in configured or allocated_key(name) is not None


Dimension = Annotated[str, one_of(_BY, "label to tell covered costs apart by", is_known=_is_label)]
Share = Annotated[Decimal, Field(gt=0, le=1)]


class Coverage(RuleSettings):
    """Cost that no team carries, or nobody tags, as a share of cost; time of nodes that nobody measured.

    max_share: of the cost of ``window``, what may be one of ``of``: ``unallocated`` (no tag and no account
    names its owner), ``unmeasured`` (what it is shared by is missing) or ``idle``; one finding for each
    combination of ``by`` (provider, pool, account, cluster, namespace, ``label:app``, …; none: of all cost).
    match: label -> the value or values it must have. metric, currency: as ``threshold`` has them. window:
    whole days up to the newest settled one.

    of: ``[untagged]``, by itself: lines of owner pools all of whose tags and cost categories that these ask
    for are empty, whoever carries them then, by their account, or nobody. It is a share of what lines of
    owner pools cost before any is given on, so that tax, support and whatever else other pools split do not
    count, nor do owner pools that ask for no tag. by, match: team (who carries them), provider, account,
    charge_kind; of EffectiveCost only. Days that were published before it was kept are unknown until
    ``costwatch allocate --from --to`` publishes them anew.

    min_measured_share: of the time of the nodes of a cluster, what must be measured, in as many days up to
    the newest that was read whole; one finding for each cluster.

    What it costs a month if it stays (see ``min_impact``) is what is above the share. A combination that
    costs nothing, or less, has no share: its verdict is unknown.

    Example::

        - {name: Unowned, kind: coverage, max_share: 0.05, by: [provider], window: 7d}
        - {name: Unmeasured, kind: coverage, of: [unmeasured], max_share: 0.1, by: [pool],
           min_measured_share: 0.9}
        - {name: Untagged, kind: coverage, of: [untagged], max_share: 0.1, by: [account],
           match: {charge_kind: charges}}
    """

    of: tuple[Literal["unallocated", "unmeasured", "idle", "untagged"], ...] = ("unallocated", "unmeasured")
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
            raise ValueError("name at least one of unallocated, unmeasured, idle and untagged under 'of'")
        return self

    @model_validator(mode="after")
    def _asks_what_is_known(self) -> Self:
        asked = dict.fromkeys((*self.by, *self.match))
        if not self._is_untagged:
            if "team" in asked:
                raise ValueError(
                    "'team' tells only untagged costs apart; write of: [untagged], or leave it out"
                )
            return self
        if len(self.of) > 1:
            raise ValueError("'untagged' is a share of other costs; give it a rule of its own")
        if self.metric != "EffectiveCost":
            raise ValueError(f"what is untagged of {self.metric} is not known; write metric: EffectiveCost")
        if unknown := [name for name in asked if name not in _OF_TAGGING]:
            known = ", ".join(_OF_TAGGING)
            raise ValueError(f"untagged costs cannot be told apart by '{unknown[0]}'; use one of {known}")
        return self

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        costs = (Selection(self._query, self._asked, self._where),) if self.max_share is not None else ()
        nodes = (
            (Selection("node_expected_hours", ("cluster",)),) if self.min_measured_share is not None else ()
        )
        return costs + nodes

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return (*self.by, *(("cluster", "coverage") if self.min_measured_share is not None else ()))

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        if self.max_share is not None:
            yield from self._costs(facts, recent(facts, now), self.max_share)
        if self.min_measured_share is not None:
            yield from self._clusters(facts, recent(facts, now), self.min_measured_share)

    @property
    def _is_untagged(self) -> bool:
        return UNTAGGED in self.of

    @property
    def _query(self) -> str:
        return "tagging_cost" if self._is_untagged else self.metric

    @property
    def _told_by(self) -> str:
        """The label whose values ``of`` are."""
        return "tagging" if self._is_untagged else "team"

    @property
    def _named_by(self) -> str:
        """The label by which it is said where most lies."""
        return "account" if self._is_untagged else "pool"

    @property
    def _asked(self) -> tuple[str, ...]:
        """The labels asked for, always in one order, so that rules share answers."""
        asked = {*self.by, *self.match, "team", self._named_by}
        keyed = sorted(asked - {*DIMENSIONS})
        tagging = ("tagging",) if self._is_untagged else ()
        return (*(name for name in DIMENSIONS if name in asked), *keyed, *tagging)

    @property
    def _where(self) -> dict[str, tuple[str, ...]]:
        tagging = {"tagging": (TAGGED, UNTAGGED)} if self._is_untagged else {}
        return {**all_as_kept(accepted(self.match)), "currency": (self.currency,), **tagging}

    def _costs(self, facts: Snapshot, span: Window, above: Decimal) -> Iterator[Finding]:
        whole = facts.series(self.metric, (), span)
        newest = self.newest_day(facts, (point.day for series in whole.values() for point in series))
        if newest is None:
            unknown, about = "no cost day is settled yet", About(self._query)
            yield Finding((), Verdict.UNKNOWN, None, above, "ratio", unknown, about)
            return
        first = newest - self.window + _DAY
        covered = any(series[0].day <= first for series in whole.values())
        days = Window.of_days(first, newest + _DAY)
        answer = facts.series(self._query, self._asked, span)
        if self._is_untagged and (lacking := untold_days(whole, answer, days)):
            yield self._unpublished(lacking, days, above)
            return
        costs_of = partial(CoveredCosts, self._told_by, self.of, self._named_by)
        instances: dict[Labels, CoveredCosts] = defaultdict(costs_of)
        for key, series in matching(answer, self._where).items():
            instances[tuple(pair for pair in key if pair[0] in self.by)].add(dict(key), series, days)
        for instance, costs in sorted(instances.items()):
            if costs.total or costs.lost:
                yield self._finding(instance, costs, days, above, covered=covered)

    def _unpublished(self, lacking: Collection[date], days: Window, above: Decimal) -> Finding:
        said = f"what is untagged {_in(days)} is not known: {how_to_tell(lacking)}"
        return Finding((), Verdict.UNKNOWN, None, above, "ratio", said, About(self._query))

    def _finding(
        self, instance: Labels, costs: CoveredCosts, days: Window, above: Decimal, *, covered: bool
    ) -> Finding:
        where = self._where | {name: (value,) for name, value in instance} | {self._told_by: tuple(self.of)}
        about = About(self._query, self._asked, where, days)
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
        if self._named_by not in self.by and costs.largest:
            said += f"; {costs.largest}"
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

"""Rule kind ``k8s_efficiency``: workloads that use little of what they request."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from costwatch.model import About, Finding, Impact, Labels, Series, Verdict, Window
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
from costwatch.wording import digits, on_day, percent

_DAY = timedelta(days=1)
_LABELS = ("cluster", "namespace", "workload_kind", "workload", "team")


class _Part(NamedTuple):
    """One thing that workloads request. weight: what a unit of it costs beside the others."""

    name: str
    unit: str
    used: str
    unused: str
    cost: str
    weight: Decimal


# vCPU : GiB = 9 : 1, as nodes are split.
_CPU = _Part("CPU", "cores", "cpu_used_core_hours", "cpu_unused_core_hours", "cpu_unused_cost", Decimal(9))
_MEMORY = _Part(
    "memory", "GiB", "memory_used_gib_hours", "memory_unused_gib_hours", "memory_unused_cost", Decimal(1)
)
_PARTS = {"cpu": (_CPU,), "memory": (_MEMORY,), "both": (_CPU, _MEMORY)}


WorkloadLabel = Annotated[str, one_of(_LABELS, "label of workloads")]


class Efficiency(RuleSettings):
    """Workloads that use little of what they request: one finding for each combination of ``by``.

    min_used_share: what they must use of it. resource: ``cpu``, ``memory``, or ``both``, each by what it
    costs (a core as much as 9 GiB). by: cluster, namespace, workload_kind, workload, team (as the label of
    that name says). match: label -> the value or values it must have. window: whole days, up to the newest
    that was read whole, or, with ``settle: estimated``, up to the running one. min_cores, min_gib: what
    requests less of both on average is too small to matter.

    What it costs a month if it stays (see ``min_impact``) is what is requested and not used, at what the
    nodes cost by the bill, in ``currency``; unknown while no day of the window is billed. What requests
    nothing is efficient. Where nothing measures use, or not for the whole window, the verdict is unknown.

    Example::

        - {name: Waste, kind: k8s_efficiency, min_used_share: 0.3, by: [cluster, namespace], window: 7d}
        - {name: IdleCpu, kind: k8s_efficiency, resource: cpu, min_used_share: 0.2, min_cores: 4,
           by: [cluster, namespace, workload], min_impact: 200}
    """

    min_used_share: Decimal = Field(gt=0, le=1)
    resource: Literal["cpu", "memory", "both"] = "both"
    by: tuple[WorkloadLabel, ...] = ("cluster", "namespace")
    match: Mapping[WorkloadLabel, MatchedValues] = Field(default_factory=dict)
    window: WholeDays = 7 * _DAY
    min_cores: Decimal = Field(default=Decimal(1), ge=0)
    min_gib: Decimal = Field(default=Decimal(8), ge=0)
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        return (Selection(self._parts[0].used, self._asked, self._where),)

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return self.by

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        span = recent(facts, now)
        instances: dict[Labels, _Usage] = defaultdict(_Usage)
        counted: set[date] = set()
        for part in self._parts:
            for name in ("used", "unused"):
                answer = facts.series(getattr(part, name), self._asked, span)
                for key, series in matching(answer, self._where).items():
                    instances[self._instance(key)].add(part, name, series)
                    counted |= {point.day for point in series if self._counts(point.state.is_settled)}
        if not counted:
            unknown = "no day of usage is known yet"
            yield Finding(
                (), Verdict.UNKNOWN, None, self.min_used_share, "ratio", unknown, About(self._parts[0].used)
            )
            return
        days = Window.of_days(max(counted) - self.window + _DAY, max(counted) + _DAY)
        covered = min(counted) <= days.start.date()
        costs = self._unused_costs(facts, span, days)
        for instance, usage in sorted(instances.items()):
            yield self._finding(instance, usage, days, costs.get(instance), covered=covered)

    @property
    def _parts(self) -> tuple[_Part, ...]:
        return _PARTS[self.resource]

    @property
    def _asked(self) -> tuple[str, ...]:
        """The labels asked for, always in one order, so that rules share answers."""
        return tuple(name for name in _LABELS if name in self.by or name in self.match)

    @property
    def _where(self) -> dict[str, tuple[str, ...]]:
        return accepted(self.match)

    def _instance(self, key: Labels) -> Labels:
        return tuple(pair for pair in key if pair[0] in self.by)

    def _counts(self, is_settled: bool) -> bool:
        return is_settled or self.settle == "estimated"

    def _unused_costs(self, facts: Snapshot, span: Window, days: Window) -> Mapping[Labels, Impact]:
        """What is not used costs each instance a month, by the days of the window that are billed."""
        sums: dict[Labels, Decimal] = defaultdict(Decimal)
        billed: set[date] = set()
        for part in self._parts:
            answer = facts.series(part.cost, self._asked, span)
            for key, series in matching(answer, {**self._where, "currency": (self.currency,)}).items():
                for point in series:
                    if days.start <= point.at < days.end and point.state.is_settled:
                        sums[self._instance(key)] += point.value
                        billed.add(point.day)
        return {key: Impact.of_days(amount, len(billed), self.currency) for key, amount in sums.items()}

    def _finding(
        self, instance: Labels, usage: "_Usage", days: Window, cost: Impact | None, *, covered: bool
    ) -> Finding:
        newest, count = days.end.date() - _DAY, (days.end - days.start).days
        share = usage.efficiency(days, self._parts)
        about = About(self._parts[0].used, self._asked, self._about(instance), days)
        span = f"on {on_day(newest)}" if count == 1 else f"in the {count} days to {on_day(newest)}"
        name = " · ".join(value or "none" for _, value in instance) or "all clusters"
        what = " and ".join(part.name for part in self._parts)
        if share is None or not covered:
            why = "not known" if share is None else "not known for every day"
            said = f"{name}: use of {what} {span} is {why}"
            return Finding(instance, Verdict.UNKNOWN, None, self.min_used_share, "ratio", said, about)
        mean = {part: usage.mean(part, days) for part in self._parts}
        said = f"{name}: {percent(share)} of requested {what} used {span}"
        least = {_CPU: self.min_cores, _MEMORY: self.min_gib}
        is_large = any(requested >= least[part] for part, (requested, _) in mean.items())
        if share >= self.min_used_share or not is_large:
            said += "" if is_large else ", too small to matter"
            return Finding(instance, Verdict.OK, share, self.min_used_share, "ratio", said, about)
        since = usage.since(self.min_used_share, newest, self._parts)
        said += f", below {percent(self.min_used_share)} since {on_day(since)}"
        for part, (requested, used) in mean.items():
            said += f"; {_rounded(requested)} {part.unit} requested, {_rounded(used)} used"
        if cost is not None:
            said += f"; {exact(cost.amount, cost.currency)} a month for what is not used"
        evidence = {
            part.name: {"requested": digits(round(requested, 3)), "used": digits(round(used, 3))}
            for part, (requested, used) in mean.items()
        }
        return Finding(
            instance, Verdict.BREACH, share, self.min_used_share, "ratio", said, about, evidence, impact=cost
        )

    def _about(self, instance: Labels) -> Mapping[str, tuple[str, ...]]:
        return self._where | {name: (value,) for name, value in instance}


@dataclass
class _Usage:
    """What one instance used and did not use of what it requested, in unit-hours, by part and day."""

    used: dict[tuple[_Part, date], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    unused: dict[tuple[_Part, date], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, part: _Part, name: str, series: Series) -> None:
        """Of ``used`` or ``unused``."""
        for point in series:
            getattr(self, name)[part, point.day] += point.value

    def efficiency(self, days: Window, parts: tuple[_Part, ...]) -> Decimal | None:
        """Used as a share of requested, where use is known; 1 where something was used and none requested."""
        first, after = days.days
        used = requested = Decimal()
        for (part, day), amount in self.used.items():
            if part in parts and first <= day < after:
                used += part.weight * amount
                requested += part.weight * (amount + self.unused.get((part, day), Decimal()))
        if requested > 0:
            return round(used / requested, 6)
        return Decimal(1) if used > 0 else None

    def mean(self, part: _Part, days: Window) -> tuple[Decimal, Decimal]:
        """How much of a part was requested and used on average over the days."""
        first, after = days.days
        hours = Decimal((after - first).days * 24)
        used, unused = (
            sum(
                (amount for (of, day), amount in amounts.items() if of is part and first <= day < after),
                Decimal(),
            )
            for amounts in (self.used, self.unused)
        )
        return (used + unused) / hours, used / hours

    def since(self, below: Decimal, newest: date, parts: tuple[_Part, ...]) -> date:
        """The first of the days up to ``newest`` that were all below a share."""
        since = newest
        for day in sorted({day for _, day in self.used if day <= newest}, reverse=True):
            share = self.efficiency(Window.of_days(day, day + _DAY), parts)
            if share is not None:
                if share >= below:
                    break
                since = day
        return since


def _rounded(amount: Decimal) -> str:
    return f"{amount:,.1f}"

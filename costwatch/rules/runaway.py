"""Rule kind ``runaway``: a job that runs and has cost far more than such jobs do."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from costwatch.cost.live_estimate import at_rank
from costwatch.model import About, Finding, Impact, Labels, Series, Verdict, Window, labels
from costwatch.money import exact
from costwatch.plugins import (
    MatchedValues,
    RuleSettings,
    Selection,
    Snapshot,
    accepted,
    matching,
    one_of,
    recent,
)
from costwatch.wording import digits, on_day

_DAY = timedelta(days=1)
_LABELS = ("team", "cluster", "namespace", "workload_kind", "workload")
_HIGH = Decimal("0.95")  # of earlier runs, how many cost no more than what is usual at most
_HOURS_A_MONTH = Decimal("730.5")
# Names of Kubernetes: what is anything else is no argument of a command.
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_STOP = {
    "job": "kubectl -n {namespace} delete job {workload}",
    "cronjob": 'kubectl -n {namespace} patch cronjob {workload} -p \'{{"spec":{{"suspend":true}}}}\'',
    "deployment": "kubectl -n {namespace} scale deployment {workload} --replicas=0",
    "statefulset": "kubectl -n {namespace} scale statefulset {workload} --replicas=0",
    "pod": "kubectl -n {namespace} delete pod {workload}",
}


WorkloadLabel = Annotated[str, one_of(_LABELS, "label of workloads")]


class Runaway(RuleSettings):
    """Jobs that run and have cost so far more than ``times`` what earlier runs did: one finding for each.

    It goes by what usage that is not billed yet will cost (the live estimate), so it is provisional: it says
    so, and is corrected while the job runs and by the bill. workload_kinds: what is looked at. match:
    label -> the value or values it must have (team, cluster, namespace, workload). A run of a job is all the
    days on end on which it ran, of anything else one UTC day. What is usual is what 95 % of its own earlier
    runs of the last weeks cost at most, if there were ``min_runs``, else 95 % of such runs in its namespace.
    above: an amount that is too much whatever is usual. min_cost: what has cost less so far is no breach.
    Both in ``currency``.

    What it costs a month if it stays (see ``min_impact``) is what it costs an hour now. Where there is no
    history to compare with and no ``above``, the verdict is unknown.

    Example::

        - {name: Runaway, kind: runaway, times: 3, min_cost: 50, severity: page}
        - {name: Training, kind: runaway, match: {namespace: ml}, workload_kinds: [job, pod], above: 2000}
    """

    settle: Literal["estimated"] = "estimated"
    workload_kinds: tuple[str, ...] = Field(default=("job", "cronjob"), min_length=1)
    match: Mapping[WorkloadLabel, MatchedValues] = Field(default_factory=dict)
    times: Decimal = Field(default=Decimal(3), gt=1)
    min_runs: int = Field(default=3, ge=1)
    min_cost: Decimal = Field(default=Decimal(10), ge=0)
    above: Decimal | None = Field(default=None, ge=0)
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        named = {name: values for name, values in self._where.items() if name in self.match}
        return (Selection("workload_cost", _LABELS, named),)

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return _LABELS

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        span = recent(facts, now)
        costs = matching(facts.series("workload_cost", _LABELS, span), self._where)
        if not costs:
            unknown = "nothing is known of what jobs cost"
            yield Finding(
                (), Verdict.UNKNOWN, None, self.above, self.currency, unknown, About("workload_cost")
            )
            return
        running = _running(
            matching(facts.series("running_cost_per_hour", (*_LABELS, "instance_type"), span), self._where)
        )
        runs = {key: _runs(dict(key)["workload_kind"], series) for key, series in costs.items()}
        history = _history(runs)
        newest = max(series[-1].day for series in costs.values())
        for key, of in sorted(runs.items()):
            if of[-1].last >= newest - _DAY:
                yield self._finding(key, of, history, running.get(key), newest)

    @property
    def _where(self) -> dict[str, tuple[str, ...]]:
        kinds = {"workload_kind": self.workload_kinds}
        return {**kinds, **accepted(self.match), "currency": (self.currency,)}

    def _finding(
        self,
        key: Labels,
        runs: "list[_Run]",
        history: "Mapping[Labels, list[Decimal]]",
        running: "_Running | None",
        newest: date,
    ) -> Finding:
        of, run = dict(key), runs[-1]
        instance = labels(**{name: of[name] for name in _LABELS if of[name] or name != "team"})
        usual, known_by = self._usual(of, runs, history)
        limits = [usual * self.times] if usual is not None else []
        limits += [self.above] if self.above is not None else []
        limit, name = min(limits, default=None), f"{of['namespace']} · {of['workload_kind']} {of['workload']}"
        whole = Window.of_days(run.first, run.last + _DAY)
        where = {name: (value,) for name, value in key}
        cost = exact(run.cost, self.currency)
        if running is None or run.last < newest:
            said = f"{name}: does not run, came to {cost}{run.basis(self.currency)}"
            about = About("workload_cost", _LABELS, where, whole, run.cost)
            return Finding(instance, Verdict.OK, run.cost, limit, self.currency, said, about)
        # While it runs its cost grows: that is no restatement of a day, so no value of the day is told.
        about = About("workload_cost", _LABELS, where, whole)
        said = f"{name}: {cost} so far since {on_day(run.first)}{run.basis(self.currency)}"
        if limit is None:
            said += ", with nothing to compare with"
            return Finding(instance, Verdict.UNKNOWN, run.cost, None, self.currency, said, about)
        if run.cost <= limit or run.cost < self.min_cost:
            return Finding(instance, Verdict.OK, run.cost, limit, self.currency, said, about)
        if usual is not None:
            said += f"; usual is at most {exact(usual, self.currency)} ({known_by})"
        on = running.instance_types or "nodes of no known type"
        said += f"; {exact(running.hourly, self.currency)} an hour on {on}"
        if stop := _stop(of):
            said += f"; to stop it in {of['cluster'] or 'its cluster'}: {stop}"
        return Finding(
            instance,
            Verdict.BREACH,
            run.cost,
            limit,
            self.currency,
            f"provisional: {said}",
            about,
            {"provisional": True, "estimated": digits(run.estimated), "since": run.first.isoformat()},
            impact=Impact(round(running.hourly * _HOURS_A_MONTH, 9), self.currency),
        )

    def _usual(
        self, of: Mapping[str, str], runs: "list[_Run]", history: "Mapping[Labels, list[Decimal]]"
    ) -> tuple[Decimal | None, str]:
        """What runs like its last one cost at most, and by which that is known."""
        own = sorted(run.cost for run in runs[:-1])
        if len(own) >= self.min_runs:
            return at_rank(own, _HIGH), f"its {len(own)} runs before"
        others = sorted(history.get(_place(of), ()))
        if len(others) >= self.min_runs:
            return at_rank(
                others, _HIGH
            ), f"{len(others)} runs of {of['workload_kind']}s in {of['namespace']}"
        return None, ""


@dataclass
class _Run:
    """One run of a workload: its days, what they cost, and how much of that is estimated."""

    first: date
    last: date
    cost: Decimal
    estimated: Decimal

    def basis(self, currency: str) -> str:
        """How sure its cost is."""
        if self.estimated == self.cost:
            return " (estimated)" if self.cost else ""
        return f", of which {exact(self.estimated, currency)} is estimated" if self.estimated else " (billed)"


@dataclass
class _Running:
    """What an hour of a workload costs now, and on what it runs."""

    hourly: Decimal
    instance_types: str


def _runs(workload_kind: str, series: Series) -> list[_Run]:
    """The runs of a workload, in order."""
    found: list[_Run] = []
    for point in series:
        estimated = Decimal() if point.state.is_settled else point.value
        if workload_kind == "job" and found and point.day - found[-1].last <= _DAY:
            run = found[-1]
            run.last, run.cost, run.estimated = point.day, run.cost + point.value, run.estimated + estimated
        else:
            found.append(_Run(point.day, point.day, point.value, estimated))
    return found


def _history(runs: Mapping[Labels, list[_Run]]) -> Mapping[Labels, list[Decimal]]:
    """What all runs but the last of each workload cost, and the last where others came after it."""
    newest = max(of[-1].last for of in runs.values())
    found: dict[Labels, list[Decimal]] = defaultdict(list)
    for key, of in runs.items():
        over = of if of[-1].last < newest else of[:-1]
        found[_place(dict(key))] += [run.cost for run in over]
    return found


def _place(of: Mapping[str, str]) -> Labels:
    return labels(**{name: of[name] for name in ("cluster", "namespace", "workload_kind")})


def _running(answer: Mapping[Labels, Series]) -> dict[Labels, _Running]:
    """By the labels of workloads: whatever they run on, together."""
    found: dict[Labels, _Running] = {}
    for key, series in sorted(answer.items()):
        of = dict(key)
        instance_type = of.pop("instance_type")
        whole = found.setdefault(labels(**of), _Running(Decimal(), ""))
        whole.hourly += series[-1].value
        whole.instance_types = ", ".join(filter(None, (whole.instance_types, instance_type)))
    return found


def _stop(of: Mapping[str, str]) -> str:
    """The command that stops a workload; '' of what has a name that Kubernetes would not have given."""
    names = [of["namespace"], of["workload"]]
    line = _STOP.get(of["workload_kind"], "")
    return line.format(**of) if line and all(map(_NAME.fullmatch, names)) else ""

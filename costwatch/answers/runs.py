"""What each training run and each job cost, how it went, and what failed runs cost whom."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from costwatch.cost.runs import (
    FAILED,
    NOT_OF_A_RUN,
    OF_RUNS,
    CostDay,
    Run,
    RunCost,
    Whose,
    Workload,
    runs,
)
from costwatch.model import UNALLOCATED, State, Window, allocated_key
from costwatch.money import exact, nanos, units
from costwatch.warehouse.facts.cost import Cost, cost, values
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.usage.runs import job_days, run_uses

_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:([a-z0-9-]+):(\d+):(training-job|processing-job|transform-job)/(.+)"
)
_LABELS = ("team", "cluster", "namespace", "workload_kind", "workload")
Where = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in one currency, '' where nothing is known of its cost; ``name`` empty: what is of no run.

    kind: ``run id``, ``job``, or SageMaker's ``training-job`` and the like, whose namespace is the region.
    teams: what of ``nano`` each team carries. estimated_nano: what its days cost that are not billed yet; in
    no sum. gpu_hours, cpu_core_hours: held on these days; None: unknown. started_at, ended_at (UTC): None:
    unknown, or it still runs. first, last: the days of the window on which it cost or held anything.
    """

    kind: str
    name: str
    cluster: str
    namespace: str
    workload: str
    currency: str
    nano: int
    estimated_nano: int
    teams: Mapping[str, int]
    estimated_teams: Mapping[str, int]
    gpu_hours: float | None
    cpu_core_hours: float | None
    started_at: datetime | None
    ended_at: datetime | None
    first: date | None
    last: date | None
    outcome: str

    @property
    def owner(self) -> str:
        """Who carries it, the one that carries most first."""
        whose = {**self.estimated_teams, **self.teams}
        return ", ".join(sorted(whose, key=lambda team: (-abs(whose[team]), team)))

    @property
    def is_run(self) -> bool:
        """Whether it is a run, and not what is of none."""
        return bool(self.name)

    @property
    def shown_name(self) -> str:
        """Its name, or that it is of no run."""
        return self.name or NOT_OF_A_RUN


@dataclass(frozen=True, slots=True)
class RunsAnswer:
    """The runs of the UTC days ``first`` up to ``after``, the most expensive first, then what is of none.

    states: how settled each of these days is that holds cost.
    """

    first: date
    after: date
    rows: tuple[RunRow, ...]
    states: Mapping[date, State]

    @property
    def totals(self) -> dict[str, int]:
        """Currency -> nano-units of all rows: what the workloads that have runs cost."""
        found: dict[str, int] = defaultdict(int)
        for row in self.rows:
            if row.currency:
                found[row.currency] += row.nano
        return dict(found)

    @property
    def failed(self) -> dict[Whose, tuple[int, int]]:
        """By team and currency, what failed runs were billed, and are estimated to cost besides."""
        found: dict[Whose, tuple[int, int]] = {}
        for row in self.rows:
            for team in {*row.teams, *row.estimated_teams} if row.outcome == FAILED else ():
                nano, estimated = found.get((team, row.currency), (0, 0))
                found[team, row.currency] = (
                    nano + row.teams.get(team, 0),
                    estimated + row.estimated_teams.get(team, 0),
                )
        return dict(sorted(found.items(), key=lambda item: -sum(item[1])))

    @property
    def failed_told(self) -> str:
        """``ml $8.25 and $0.25 estimated, risk $1.00``; '' where none failed."""
        return ", ".join(
            f"{team} {exact(units(nano), currency)}"
            + (f" and {exact(units(estimated), currency)} estimated" if estimated else "")
            for (team, currency), (nano, estimated) in self.failed.items()
        )


def runs_answer(
    facts: WarehouseSnapshot, first: date, after: date, label: str, where: Where | None = None
) -> RunsAnswer:
    """Runs of clusters. label: of pods, that names their run. where: team, cluster, namespace -> values.

    The rows are, to the nano-unit, the EffectiveCost of the workloads that have any run.
    """
    where, window = where or {}, Window.of_days(first, after)
    has = facts.has_table
    uses = run_uses(facts.db, window, label) if has("workload_days") else []
    jobs = job_days(facts.db, window, label) if has("job_days") else []
    uses = [use for use in uses if _is_asked(use.workload, where)]
    jobs = [job for job in jobs if _is_asked(job.workload, where)]
    costs = _costs(facts, first, after, label, where)
    estimates = _estimates(facts, window, where, costs, {use.workload for use in uses})
    found = runs(costs, estimates, uses, jobs)
    if "team" in where:  # what a run held says nothing of whose it is
        found = [of for of in found if of.nano or of.estimated_nano]
    return _answer(first, after, found, facts.states(first, after))


def _is_asked(workload: Workload, where: Where) -> bool:
    return all(getattr(workload, name) in where[name] for name in ("cluster", "namespace") if name in where)


def sagemaker_services(facts: WarehouseSnapshot, first: date, after: date) -> list[str]:
    """The ServiceNames whose lines may be of SageMaker's jobs."""
    return [name for name in values(facts.db, "service", first, after) if "sagemaker" in name.lower()]


def with_lines(answer: RunsAnswer, rows: Sequence[Cost]) -> RunsAnswer:
    """With SageMaker's jobs among the lines of a bill, by ``resource``, ``service``, ``team`` and day.

    Of each service that has any, what is of no job stands beside them.
    """
    found: dict[Run | str, RunCost] = {}
    services = {row.labels["service"] for row in rows if _ARN.fullmatch(row.labels["resource"])}
    for row in rows:
        if row.labels["service"] not in services:
            continue
        run = _sagemaker(row.labels["resource"])
        of = found.setdefault(run or row.labels["service"], RunCost(run, core_seconds=None, gpu_seconds=None))
        of.workloads.add(Workload("", "", "service", row.labels["service"]))
        of.nano[row.labels["team"], row.labels["currency"]] += row.EffectiveCostNano
        if row.day:
            of.days.add(row.day)
    more = _answer(answer.first, answer.after, found.values(), answer.states)
    return replace(answer, rows=tuple(sorted((*answer.rows, *more.rows), key=_order)))


def _sagemaker(resource: str) -> Run | None:
    told = _ARN.fullmatch(resource)
    return Run(told[3], told[2], told[1], told[4]) if told else None


def _costs(facts: WarehouseSnapshot, first: date, after: date, label: str, where: Where) -> list[CostDay]:
    """Of all workloads that have runs; these are found first, for there may be many others."""
    key = f"label:{label}"
    by = ("cluster", "namespace", "workload", key)
    none = {name: f"no {allocated_key(name)}" for name in by}
    names: dict[tuple[str, ...], Workload] = {}
    for row in cost(facts.db, first, after, by, where, as_of=facts.as_of):
        told = tuple(row.labels[name] for name in by[:3])
        workload = Workload(told[0], told[1], *_kind_and_name(told[2]))
        if workload.kind in OF_RUNS or row.labels[key] != none[key]:
            names[told] = workload
    asked = {**where, "workload": sorted({told[2] for told in names})}
    rows = cost(facts.db, first, after, (*by, "team"), asked, per_day=True, as_of=facts.as_of)
    return [
        CostDay(
            row.day or first,
            names[told],
            "" if row.labels[key] == none[key] else row.labels[key],
            row.labels["team"],
            row.labels["currency"],
            row.EffectiveCostNano,
        )
        for row in rows
        if (told := tuple(row.labels[name] for name in by[:3])) in names
    ]


def _kind_and_name(workload: str) -> tuple[str, str]:
    kind, sign, name = workload.partition("/")
    return (kind, name) if sign else ("", workload)


def _estimates(
    facts: WarehouseSnapshot,
    window: Window,
    where: Where,
    costs: Iterable[CostDay],
    with_runs: Collection[Workload],
) -> list[CostDay]:
    """Of days of which no bill knows the workload yet."""
    billed = {(one.day, one.workload) for one in costs}
    found = []
    for key, points in facts.series("workload_cost", _LABELS, window).items():
        of = {**dict(key), "team": dict(key)["team"] or UNALLOCATED}
        workload = Workload(of["cluster"], of["namespace"], of["workload_kind"], of["workload"])
        is_asked = all(of[name] in accepted for name, accepted in where.items())
        if is_asked and (workload in with_runs or workload.kind in OF_RUNS):
            found += [
                CostDay(point.day, workload, "", of["team"], of["currency"], nanos(point.value))
                for point in points
                if not point.state.is_settled and (point.day, workload) not in billed
            ]
    return found


def _answer(first: date, after: date, found: Iterable[RunCost], states: Mapping[date, State]) -> RunsAnswer:
    return RunsAnswer(
        first, after, tuple(sorted((row for of in found for row in _rows(of)), key=_order)), states
    )


def _rows(of: RunCost) -> list[RunRow]:
    """One for each currency; one without where nothing is known of its cost."""
    currencies = sorted({currency for _, currency in (*of.nano, *of.estimated_nano)}) or [""]
    run = of.run or Run("", *next(iter(of.workloads))[:2], "")
    names = sorted(f"{each.kind}/{each.name}" if each.cluster else each.name for each in of.workloads)
    return [
        RunRow(
            run.kind,
            run.name,
            run.cluster,
            run.namespace,
            ", ".join(names),
            currency,
            sum(_of_currency(of.nano, currency).values()),
            sum(_of_currency(of.estimated_nano, currency).values()),
            _of_currency(of.nano, currency),
            _of_currency(of.estimated_nano, currency),
            None if of.gpu_seconds is None else of.gpu_seconds / 3600,
            None if of.core_seconds is None else of.core_seconds / 3600,
            of.started_at,
            of.ended_at,
            min(of.days, default=None),
            max(of.days, default=None),
            of.outcome if of.run else "",
        )
        for currency in currencies
    ]


def _of_currency(nano: Mapping[Whose, int], currency: str) -> dict[str, int]:
    return {team: amount for (team, its), amount in nano.items() if its == currency}


def _order(row: RunRow) -> tuple[object, ...]:
    return not row.is_run, row.currency, -row.nano - row.estimated_nano, row.cluster, row.namespace, row.name

"""Runs of training and of jobs: which part of what a workload cost is whose, to the nano-unit. Pure.

A run is what the pods' run id names, else a Job; several Jobs of one CronJob share its cost of a day by the
time that they held GPUs, or, where none had any, cores. What is of no run stands beside the runs of its
workload, so that all of them together are what the workload cost.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, TypeVar

RUN_ID, JOB = "run id", "job"
SUCCEEDED, FAILED, RUNNING, UNKNOWN = "succeeded", "failed", "running", "unknown"
OF_RUNS = ("job", "cronjob")  # workload kinds all of whose pods are of some run
NOT_OF_A_RUN = "not of a run"

_Key = TypeVar("_Key")
Whose = tuple[str, str]  # team, BillingCurrency


class Workload(NamedTuple):
    """What a person wrote, such as a CronJob."""

    cluster: str
    namespace: str
    kind: str
    name: str


class Run(NamedTuple):
    """What tells a run from others. started_at (UTC): of a Job, whose name may come back; '' of others."""

    kind: str
    cluster: str
    namespace: str
    name: str
    started_at: str = ""


@dataclass(frozen=True, slots=True)
class CostDay:
    """What a workload, or its pods of one run id, cost a team on a UTC day."""

    day: date
    workload: Workload
    run_id: str
    team: str
    currency: str
    nano: int


@dataclass(frozen=True, slots=True)
class UseDay:
    """What a workload's pods of one run id, '' for those without, held on a UTC day."""

    day: date
    workload: Workload
    run_id: str
    core_seconds: float
    gpu_seconds: float


@dataclass(frozen=True, slots=True)
class JobDay:
    """What one Job's pods of one run id held on a UTC day, and how the Job stood at its end."""

    day: date
    workload: Workload
    job: str
    run_id: str
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str
    core_seconds: float
    gpu_seconds: float


@dataclass(slots=True)
class RunCost:
    """One run; ``run`` None: what is of no run of ``workloads``.

    nano: what it was billed; estimated_nano: what days cost that are not billed yet, which is in no sum.
    days: on which it cost or held anything. core_seconds, gpu_seconds: None: unknown.
    """

    run: Run | None
    workloads: set[Workload] = field(default_factory=set)
    nano: dict[Whose, int] = field(default_factory=lambda: defaultdict(int))
    estimated_nano: dict[Whose, int] = field(default_factory=lambda: defaultdict(int))
    days: set[date] = field(default_factory=set)
    core_seconds: float | None = 0.0
    gpu_seconds: float | None = 0.0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = UNKNOWN

    def hold(self, day: date, core_seconds: float, gpu_seconds: float) -> None:
        """So much more."""
        self.days.add(day)
        self.core_seconds = (self.core_seconds or 0.0) + core_seconds
        self.gpu_seconds = (self.gpu_seconds or 0.0) + gpu_seconds


def shared(amount: int, weights: Mapping[_Key, float]) -> dict[_Key, int]:
    """``amount`` by largest remainder, ties to the first: the parts are the whole. Empty where all weigh 0.

    Weights are counted in thousandths.
    """
    parts = {key: round(weight * 1000) for key, weight in weights.items() if round(weight * 1000) > 0}
    total = sum(parts.values())
    if not total:
        return {}
    found = {key: amount * weight // total for key, weight in parts.items()}
    left = amount - sum(found.values())
    for key in sorted(parts, key=lambda key: -(amount * parts[key] % total))[:left]:
        found[key] += 1
    return found


def runs(
    costs: Iterable[CostDay], estimates: Iterable[CostDay], uses: Sequence[UseDay], jobs: Sequence[JobDay]
) -> list[RunCost]:
    """Every run, and of each workload what is of none; the sum of ``nano`` is that of ``costs``.

    costs: of workloads that have runs. estimates: of days that are not billed, of whole workloads.
    """
    found = _Runs(uses, jobs)
    for cost in costs:
        found.take(cost)
    for estimate in estimates:
        found.take(estimate, is_billed=False)
    found.note_times()
    return [*found.by_run.values(), *found.rest.values()]


class _Runs:
    """The runs of some days."""

    def __init__(self, uses: Sequence[UseDay], jobs: Sequence[JobDay]) -> None:
        self.by_run: dict[Run, RunCost] = {}
        self.rest: dict[Workload, RunCost] = {}
        self._jobs: dict[tuple[date, Workload], list[JobDay]] = defaultdict(list)
        self._uses: dict[tuple[date, Workload], list[UseDay]] = defaultdict(list)
        self._starts = _starts(jobs)
        self._newest: dict[str, date] = {}
        for job in jobs:
            self._jobs[job.day, job.workload].append(job)
            self._newest[job.workload.cluster] = max(job.day, self._newest.get(job.workload.cluster, job.day))
        for use in uses:
            self._uses[use.day, use.workload].append(use)
            self._note_use(use)
        self._by_job: dict[Run, list[JobDay]] = defaultdict(list)
        self._by_id: dict[Run, set[Run]] = defaultdict(set)
        for job in jobs:
            self._note_job(job)

    def take(self, cost: CostDay, *, is_billed: bool = True) -> None:
        """Give a cost to its runs."""
        whose = cost.team, cost.currency
        for run, nano in self._parts(cost, is_billed=is_billed).items():
            of = self._of(run, cost.workload)
            (of.nano if is_billed else of.estimated_nano)[whose] += nano
            of.days.add(cost.day)

    def note_times(self) -> None:
        """When runs started and ended, and how, as far as Jobs tell."""
        stood = {run: _stood(days, self._newest[run.cluster]) for run, days in self._by_job.items()}
        for run, of in self.by_run.items():
            if its := [stood[job] for job in self._by_id.get(run, {run} & stood.keys())]:
                of.started_at, of.ended_at, of.outcome = _together(its)

    def _parts(self, cost: CostDay, *, is_billed: bool) -> Mapping[Run | None, int]:
        if cost.run_id:
            return {self._named(cost.workload, cost.run_id): cost.nano}
        held = self._held(cost.day, cost.workload, unnamed_only=is_billed)
        if not held and is_billed:  # the bill does not tell them apart, and pods do
            held = self._held(cost.day, cost.workload, unnamed_only=False)
        for weights in ({run: of[1] for run, of in held.items()}, {run: of[0] for run, of in held.items()}):
            if parts := shared(cost.nano, weights):
                return parts
        if len(held) == 1:
            return dict.fromkeys(held, cost.nano)
        return {self._alone(cost.day, cost.workload): cost.nano}

    def _held(
        self, day: date, workload: Workload, *, unnamed_only: bool
    ) -> dict[Run | None, tuple[float, float]]:
        """Seconds of cores and of GPUs by run, None for what is of none; of those without a run id alone."""
        found: dict[Run | None, tuple[float, float]] = {}

        def add(run: Run | None, of: UseDay | JobDay) -> None:
            cores, gpus = found.get(run, (0.0, 0.0))
            found[run] = cores + of.core_seconds, gpus + of.gpu_seconds

        uses, jobs = self._uses.get((day, workload), []), self._jobs.get((day, workload), [])
        for use in uses:
            if use.run_id and not unnamed_only:
                add(self._named(workload, use.run_id), use)
            elif not use.run_id and not jobs:
                add(self._alone(day, workload), use)
        for job in jobs:
            if not job.run_id:
                add(self._instance(job), job)
        return found

    def _note_use(self, use: UseDay) -> None:
        """What is told by Jobs is told by these."""
        if use.run_id:
            self._of(self._named(use.workload, use.run_id), use.workload).hold(
                use.day, use.core_seconds, use.gpu_seconds
            )
        elif (use.day, use.workload) not in self._jobs:
            run = self._alone(use.day, use.workload)
            self._of(run, use.workload).hold(use.day, use.core_seconds, use.gpu_seconds)

    def _note_job(self, job: JobDay) -> None:
        instance = self._instance(job)
        self._by_job[instance].append(job)
        if job.run_id:
            self._by_id[self._named(job.workload, job.run_id)].add(instance)
        elif job.core_seconds or job.gpu_seconds:
            self._of(instance, job.workload).hold(job.day, job.core_seconds, job.gpu_seconds)

    def _of(self, run: Run | None, workload: Workload) -> RunCost:
        if run is None:
            of = self.rest.setdefault(workload, RunCost(None))
        else:
            of = self.by_run.setdefault(run, RunCost(run))
        of.workloads.add(workload)
        return of

    def _named(self, workload: Workload, run_id: str) -> Run:
        return Run(RUN_ID, workload.cluster, workload.namespace, run_id)

    def _instance(self, job: JobDay) -> Run:
        of = job.workload
        started = job.started_at or self._started(job.day, (of.cluster, of.namespace, job.job))
        return Run(JOB, of.cluster, of.namespace, job.job, started.isoformat() if started else "")

    def _alone(self, day: date, workload: Workload) -> Run | None:
        """What nobody tells more of: a Job is its own run; of a CronJob it is not known which one."""
        if workload.kind != "job":
            return None
        started = self._started(day, (workload.cluster, workload.namespace, workload.name))
        return Run(
            JOB, workload.cluster, workload.namespace, workload.name, started.isoformat() if started else ""
        )

    def _started(self, day: date, job: tuple[str, str, str]) -> datetime | None:
        """When the last Job of that name up to a day started; of those after it, the first."""
        known = self._starts.get(job, [])
        before = [at for at in known if at.date() <= day]
        return before[-1] if before else known[0] if known else None


def _starts(jobs: Iterable[JobDay]) -> Mapping[tuple[str, str, str], list[datetime]]:
    found: dict[tuple[str, str, str], set[datetime]] = defaultdict(set)
    for job in jobs:
        if job.started_at is not None:
            found[job.workload.cluster, job.workload.namespace, job.job].add(job.started_at)
    return {key: sorted(starts) for key, starts in found.items()}


Stood = tuple[datetime | None, datetime | None, str]  # start, end, outcome


def _stood(days: Sequence[JobDay], newest: date) -> Stood:
    """How one Job went. newest: the last day that anything is told of its cluster's Jobs."""
    ended = max((day.ended_at for day in days if day.ended_at), default=None)
    started = min((day.started_at for day in days if day.started_at), default=None)
    over = [day.outcome for day in days if day.outcome in (SUCCEEDED, FAILED)]
    last = max(days, key=lambda day: day.day)
    outcome = over[-1] if over else last.outcome
    if outcome == RUNNING and last.day < newest:  # it was not there any more, and nobody said why
        outcome = UNKNOWN
    return started, ended, outcome


def _together(its: Sequence[Stood]) -> Stood:
    """Of several Jobs of one run: one that another followed was tried again, and tells nothing."""
    started = min((one[0] for one in its if one[0]), default=None)
    starts = [one[0] for one in its if one[0]]
    outcomes = {one[2] for one in its if not (one[1] and any(start >= one[1] for start in starts))}
    outcome = next((each for each in (RUNNING, FAILED, UNKNOWN, SUCCEEDED) if each in outcomes), UNKNOWN)
    ended = None if outcome == RUNNING else max((one[1] for one in its if one[1]), default=None)
    return started, ended, outcome

"""Which part of a workload's cost is which run's: the parts are the whole, whatever is known of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.cost.runs import CostDay, JobDay, Run, RunCost, UseDay, Workload, runs, shared
from tests.made.soak import in_soak

DAY = date(2026, 10, 5)
ETL = Workload("prod", "ml", "cronjob", "etl")
TRAIN = Workload("prod", "ml", "job", "train")
SERVER = Workload("prod", "ml", "statefulset", "server")
HOUR = 3600.0


def clock(hour: float, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def cost(nano: int, workload: Workload = ETL, run_id: str = "", day: date = DAY) -> CostDay:
    return CostDay(day, workload, run_id, "ml", "USD", nano)


def use(
    workload: Workload = ETL, run_id: str = "", cores: float = HOUR, gpus: float = 0.0, day: date = DAY
) -> UseDay:
    return UseDay(day, workload, run_id, cores, gpus)


def job(name: str, workload: Workload = ETL, **columns: Any) -> JobDay:
    usual = JobDay(DAY, workload, name, "", clock(1), clock(2), "succeeded", HOUR, 0.0)
    return replace(usual, **columns)


def found(of: Sequence[RunCost]) -> dict[str, int]:
    """Run, '' for none -> nano-units."""
    return {one.run.name if one.run else "": sum(one.nano.values()) for one in of if one.nano}


CASES: dict[str, tuple[list[CostDay], list[UseDay], list[JobDay], dict[str, int]]] = {
    "Jobs of a CronJob share by the cores that they held": (
        [cost(100)],
        [use(cores=4 * HOUR)],
        [job("a", core_seconds=3 * HOUR), job("b")],
        {"a": 75, "b": 25},
    ),
    "or by GPUs, where any had some": (
        [cost(100)],
        [use()],
        [job("a", core_seconds=9 * HOUR, gpu_seconds=1.0), job("b", gpu_seconds=3.0)],
        {"a": 25, "b": 75},
    ),
    "to the last nano-unit": ([cost(100)], [], [job("a"), job("b"), job("c")], {"a": 34, "b": 33, "c": 33}),
    "a credit, too": ([cost(-100)], [], [job("a"), job("b"), job("c")], {"a": -33, "b": -33, "c": -34}),
    "what no Job is known of is of no run": ([cost(100)], [use()], [], {"": 100}),
    "Jobs that held nothing share nothing": (
        [cost(100)],
        [],
        [job("a", core_seconds=0.0), job("b", core_seconds=0.0)],
        {"": 100},
    ),
    "but one alone has it all": ([cost(100)], [], [job("a", core_seconds=0.0)], {"a": 100}),
    "a Job is its own run, whatever is known of it": ([cost(100, TRAIN)], [], [], {"train": 100}),
    "a run id counts more than Jobs": (
        [cost(100, TRAIN, "exp")],
        [use(TRAIN, "exp")],
        [job("train", TRAIN, run_id="exp")],
        {"exp": 100},
    ),
    "what pods have no run id beside others that have one": (
        [cost(60, SERVER, "exp"), cost(40, SERVER)],
        [use(SERVER, "exp"), use(SERVER)],
        [],
        {"exp": 60, "": 40},
    ),
    "where the bill knows no run ids, pods do": (
        [cost(100, SERVER)],
        [use(SERVER, "x"), use(SERVER, "y", cores=3 * HOUR)],
        [],
        {"x": 25, "y": 75},
    ),
}


@pytest.mark.parametrize(("costs", "uses", "jobs", "expected"), CASES.values(), ids=CASES)
def test_a_cost_is_its_runs(
    costs: list[CostDay], uses: list[UseDay], jobs: list[JobDay], expected: dict[str, int]
) -> None:
    assert found(runs(costs, [], uses, jobs)) == expected


def test_a_job_that_comes_back_by_its_name_is_another_run() -> None:
    first, second = (
        job("train", TRAIN),
        job("train", TRAIN, day=DAY + timedelta(days=1), started_at=clock(25)),
    )
    told = runs([cost(1, TRAIN), cost(2, TRAIN, day=second.day)], [], [], [first, second])
    assert [(one.started_at, sum(one.nano.values())) for one in told] == [(clock(1), 1), (clock(25), 2)]


def test_an_estimate_is_shared_and_in_no_sum() -> None:
    (a, b) = runs([], [cost(100)], [use()], [job("a"), job("b", core_seconds=3 * HOUR)])
    assert [sum(one.estimated_nano.values()) for one in (a, b)] == [25, 75]
    assert not a.nano
    assert not b.nano


def at(outcome: str, number: int = 0, **columns: Any) -> JobDay:
    """How the Job stood on a later day."""
    return job("train", TRAIN, outcome=outcome, day=DAY + timedelta(days=number), **columns)


OUTCOMES: dict[str, tuple[list[JobDay], str, datetime | None]] = {
    "it succeeded": ([at("succeeded")], "succeeded", clock(2)),
    "it runs on": ([at("running", ended_at=None)], "running", None),
    "it ran, then failed": ([at("running", ended_at=None), at("failed", 1)], "failed", clock(2)),
    "it ran, and then was not there any more": (
        [at("running", ended_at=None), job("other", day=DAY + timedelta(days=1))],
        "unknown",
        None,
    ),
    "it was told once more after it had ended": (
        [at("succeeded"), at("unknown", 1, ended_at=None)],
        "succeeded",
        clock(2),
    ),
}


@pytest.mark.parametrize(("jobs", "outcome", "ended"), OUTCOMES.values(), ids=OUTCOMES)
def test_how_a_job_went(jobs: list[JobDay], outcome: str, ended: datetime | None) -> None:
    (of,) = [one for one in runs([cost(1, TRAIN)], [], [], jobs) if one.run and one.run.name == "train"]
    assert (of.outcome, of.ended_at, of.started_at) == (outcome, ended, clock(1))


def test_a_run_of_several_jobs_failed_where_one_did_and_was_not_tried_again() -> None:
    jobs = [
        job("a", TRAIN, run_id="exp", outcome="failed"),
        job("b", TRAIN, run_id="exp", started_at=clock(5), ended_at=clock(7)),
    ]
    (of,) = runs([cost(1, TRAIN, "exp")], [], [use(TRAIN, "exp", cores=5.0)], jobs)
    assert (of.run, of.outcome) == (Run("run id", "prod", "ml", "exp"), "succeeded")
    assert (of.started_at, of.ended_at, of.core_seconds) == (clock(1), clock(7), 5.0)
    beside = [*jobs, job("d", TRAIN, run_id="exp", outcome="failed", ended_at=clock(6))]
    (of,) = runs([cost(1, TRAIN, "exp")], [], [use(TRAIN, "exp")], beside)
    assert of.outcome == "failed"
    still = [*jobs, job("c", TRAIN, run_id="exp", outcome="running", started_at=clock(1), ended_at=None)]
    (of,) = runs([cost(1, TRAIN, "exp")], [], [use(TRAIN, "exp")], still)
    assert (of.outcome, of.ended_at) == ("running", None)


WORKLOADS, IDS = st.sampled_from([ETL, TRAIN, SERVER]), st.sampled_from(["", "x", "y"])
DAYS = st.sampled_from([DAY, DAY + timedelta(days=1)])
SECONDS = st.sampled_from([0.0, 0.0001, 1.0, HOUR, 1e9]) | st.floats(0, 1e6)
COSTS = st.lists(
    st.builds(
        CostDay,
        DAYS,
        WORKLOADS,
        IDS,
        st.sampled_from("ab"),
        st.sampled_from(["USD", "EUR"]),
        st.integers(-(10**15), 10**18),
    )
)
USES = st.lists(st.builds(UseDay, DAYS, WORKLOADS, IDS, SECONDS, SECONDS))
STARTS = st.sampled_from([None, clock(1), clock(30)])
JOB_DAYS = st.lists(
    st.builds(
        JobDay,
        DAYS,
        WORKLOADS,
        st.sampled_from(["train", "a", "b"]),
        IDS,
        STARTS,
        STARTS,
        st.sampled_from(["succeeded", "running"]),
        SECONDS,
        SECONDS,
    )
)


@pytest.mark.soak
@given(COSTS, COSTS, USES, JOB_DAYS)
@settings(max_examples=in_soak(10_000, else_=100))
def test_all_rows_together_are_what_the_workloads_cost(
    costs: list[CostDay], estimates: list[CostDay], uses: list[UseDay], jobs: list[JobDay]
) -> None:
    rows = runs(costs, estimates, uses, jobs)
    for team in "ab":
        for currency in ("USD", "EUR"):
            whose = team, currency
            billed = sum(one.nano for one in costs if (one.team, one.currency) == whose)
            told = sum(one.nano for one in estimates if (one.team, one.currency) == whose)
            assert sum(row.nano.get(whose, 0) for row in rows) == billed
            assert sum(row.estimated_nano.get(whose, 0) for row in rows) == told
    assert len({row.run for row in rows if row.run}) == len([row for row in rows if row.run])


@given(st.integers(-(10**18), 10**18), st.dictionaries(st.integers(), SECONDS, max_size=9))
def test_parts_by_largest_remainder_are_the_whole(amount: int, weights: dict[int, float]) -> None:
    parts = shared(amount, weights)
    assert sum(parts.values()) == (amount if parts else 0)
    total = sum(round(weight * 1000) for weight in weights.values())
    for key, part in parts.items():
        assert abs(part * total - amount * round(weights[key] * 1000)) < total

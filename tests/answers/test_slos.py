"""Objectives worst first, and what their budgets went through."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from costwatch.answers.slos import (
    Health,
    SloState,
    buckets,
    burn_down,
    burn_downs,
    slo_answer,
    weeks,
    worst_hours,
)
from costwatch.model import Window
from costwatch.slo.objectives import Period
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.slo_buckets import NOW, History, objective, steady

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def answer(history: History, now: datetime = NOW, **only: str) -> tuple[SloState, ...]:
    with history.warehouse.read() as db:
        return slo_answer(WarehouseSnapshot(db, now), **only)


def test_what_burns_comes_first_and_what_is_unknown_is_shown_last(history: History) -> None:
    history.put(
        *(objective(name) for name in ("fast", "faster", "slow", "spent", "fine", "quiet", "silent", "new"))
    )
    history.buckets("fast", [*steady(29), *steady(1 / 24, 100, 2)])
    history.buckets("faster", [*steady(29), *steady(1 / 24, 100, 20)])
    history.buckets("slow", [*steady(20), *steady(3, 100, 0.15)])
    history.buckets("spent", [*steady(15, 100, 1), *steady(15)])
    history.buckets("fine", steady(30, 100, 0.05))
    history.buckets("quiet", steady(30, 0))
    history.buckets("silent", steady(10, 100, 90), end=NOW - HOUR)
    found = [(state.name, state.health) for state in answer(history)]
    assert found == [
        ("faster", Health.PAGE),
        ("fast", Health.PAGE),
        ("slow", Health.TICKET),
        ("spent", Health.SPENT),
        ("fine", Health.OK),
        ("silent", Health.UNKNOWN),
        ("new", Health.UNKNOWN),
        ("quiet", Health.NO_EVENTS),
    ]


def test_only_those_asked_for_are_told(history: History) -> None:
    history.put(objective("a/x", team="ml"), objective("y", service="feed", system="feature-store"))
    assert [one.name for one in answer(history, team="ml")] == ["a/x"]
    assert [one.name for one in answer(history, slo="x")] == ["a/x"]
    assert [one.name for one in answer(history, system="feature-store")] == ["y"]
    assert [one.name for one in answer(history, service="feed", team="ml")] == []


def test_a_budget_burns_down_from_one_to_what_is_left(history: History) -> None:
    history.put(objective()).buckets("checkout", [*steady(10), *steady(0.5, 100, 1), *steady(19.5)])
    with history.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        (state,) = slo_answer(facts)
        hours = burn_down(facts, state)
        days = burn_downs(facts, [state])[state.instance]
    assert (hours[0].at, hours[0].left) == (NOW - 30 * DAY, 1)
    assert (hours[-1].at, hours[-1].left) == (NOW, state.left)
    assert state.left == pytest.approx(1 - 0.5 * 10 / 30)
    before = next(point for point in hours if point.at == NOW - 20 * DAY)
    after = next(point for point in hours if point.at == NOW - 19.5 * DAY)
    assert (before.left, after.left) == (pytest.approx(1), pytest.approx(state.left))
    assert len(days) == 31
    assert days[-1] == hours[-1]


def test_what_is_not_known_is_no_point_of_a_line(history: History) -> None:
    history.put(objective()).buckets("checkout", [*steady(2), *[None] * 288, *steady(2)])
    with history.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        points = {point.at: point.left for point in burn_down(facts, *slo_answer(facts))}
    assert points[NOW - 30 * DAY] is None
    assert points[NOW - 2.5 * DAY] is None
    assert points[NOW - DAY] == 1


def test_worst_hours_and_weeks_are_told(history: History) -> None:
    history.put(objective()).buckets("checkout", [*steady(9), *steady(2 / 24, 100, 5), *steady(10)])
    with history.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        (state,) = slo_answer(facts)
        worst, told = worst_hours(facts, state), weeks(facts, state)
        incident = buckets(facts, state, Window(worst[0].start, worst[0].start + HOUR))
    assert [(hour.start, hour.bad) for hour in worst] == [
        (NOW - 10 * DAY - 2 * HOUR, 60),
        (NOW - 10 * DAY - HOUR, 60),
    ]
    assert [len(incident), sum(each.total - each.good for each in incident)] == [12, 60]
    assert [week.start.date().isoformat() for week in told] == ["2026-11-02", "2026-11-09", "2026-11-16"]
    assert sum(week.bad for week in told) == 120


def test_calendar_periods_burn_down_from_their_start(history: History) -> None:
    history.put(objective(period=Period(months=1, anchor=datetime.fromisoformat("2024-01-01"))))
    history.buckets("checkout", steady(40, 100, 0.05))
    with history.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        points = burn_down(facts, *slo_answer(facts), DAY)
    assert (points[0].at, points[0].left) == (datetime(2026, 11, 1, tzinfo=UTC), 1)
    assert points[1].left == pytest.approx(1 - 0.5 / 30)

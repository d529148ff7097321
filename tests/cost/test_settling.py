"""When a cost day is settled, and when it is closed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from costwatch.cost.settings import Settle
from costwatch.cost.settling import closed_before, data_through, states
from costwatch.model import State

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TODAY = NOW.date()
SETTLE = Settle(age_hours=48, min_line_share=0.9, at_most_days=7)


def state_of(days_ago: int, line_counts: dict[int, int], closed: date = date.min) -> State:
    counts = {TODAY - timedelta(days=ago): lines for ago, lines in line_counts.items()}
    found = states(counts, closed, NOW, SETTLE)
    return found[TODAY - timedelta(days=days_ago)]


FULL = dict.fromkeys(range(1, 15), 100)
CASES = {
    "the day that ended 48 hours ago is settled": (3, FULL, State.SETTLED),
    "the day that ended 24 hours ago is estimated": (2, FULL, State.ESTIMATED),
    "a day with 90 % of the usual lines is settled": (3, {**FULL, 3: 90}, State.SETTLED),
    "a day with fewer lines is estimated": (3, {**FULL, 3: 89}, State.ESTIMATED),
    "a day with more lines is settled": (3, {**FULL, 3: 500}, State.SETTLED),
    "a day with few lines is settled a week after it ended": (8, {**FULL, 8: 5}, State.SETTLED),
    "a first day has nothing to be compared with": (3, {3: 1}, State.SETTLED),
    "one odd day does not move what is usual": (3, {**FULL, 4: 10_000}, State.SETTLED),
}


@pytest.mark.parametrize(("ago", "counts", "expected"), CASES.values(), ids=CASES)
def test_states(ago: int, counts: dict[int, int], expected: State) -> None:
    assert state_of(ago, counts) is expected


def test_a_day_of_a_closed_period_is_closed_whatever_its_lines() -> None:
    assert state_of(3, {**FULL, 3: 1}, closed=TODAY) is State.CLOSED


def test_a_lasting_drop_holds_days_back_for_a_week_only() -> None:
    dropped = {**FULL, **dict.fromkeys(range(1, 12), 50)}
    assert state_of(11, dropped) is State.SETTLED
    assert state_of(3, dropped) is State.SETTLED  # the drop has become usual


PERIODS = [(date(2026, 9, 1), date(2026, 10, 1)), (date(2026, 10, 1), date(2026, 11, 1))]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(
            datetime(2026, 11, 14, 23, tzinfo=UTC), date(2026, 10, 1), id="thirteen days after its end"
        ),
        pytest.param(datetime(2026, 11, 15, tzinfo=UTC), date(2026, 11, 1), id="fourteen days after its end"),
        pytest.param(datetime(2026, 9, 1, tzinfo=UTC), date.min, id="before any"),
    ],
)
def test_a_period_closes(now: datetime, expected: date) -> None:
    assert closed_before(PERIODS, now, 14) == expected


def without(*ago: int) -> dict[int, int]:
    return {each: lines for each, lines in FULL.items() if each not in ago}


MONTHLY = dict.fromkeys((21, 52, 82), 1)
REACH = {
    "the newest settled day": (FULL, 3),
    "the day before one with few lines": ({**FULL, 4: 10}, 5),
    "the day before one that is missing": (without(5), 6),
    "past a day that has been missing for a week": (without(9), 3),
    "the last day of a source that stopped a while ago": (dict.fromkeys(range(10, 30), 100), 10),
    "every day of a source that bills once a month": (MONTHLY, 3),
    "no day where the first is too young": ({1: 100}, None),
    "no day of nothing": ({}, None),
}


@pytest.mark.parametrize(("counts", "ago"), REACH.values(), ids=REACH)
def test_data_reaches(counts: dict[int, int], ago: int | None) -> None:
    held = {TODAY - timedelta(days=each): lines for each, lines in counts.items()}
    expected = None if ago is None else TODAY - timedelta(days=ago)
    assert data_through(held, date.min, NOW, SETTLE) == expected

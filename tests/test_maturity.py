"""When a cost day is settled, and when it is closed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from costwatch.maturity import closed_before, data_through, states
from costwatch.model import State

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TODAY = NOW.date()


def state_of(days_ago: int, line_counts: dict[int, int], closed: date = date.min) -> State:
    counts = {TODAY - timedelta(days=ago): lines for ago, lines in line_counts.items()}
    found = states(counts, closed, NOW, age_hours=48, min_line_share=0.9, at_most_days=7)
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


def test_data_reaches_the_newest_settled_day_before_the_first_estimated_one() -> None:
    day = date(2026, 11, 1)
    found = {
        day: State.CLOSED,
        day + timedelta(1): State.SETTLED,
        day + timedelta(2): State.ESTIMATED,
        day + timedelta(3): State.SETTLED,
    }
    assert data_through(found) == day + timedelta(1)
    assert data_through({day: State.ESTIMATED}) is None
    assert data_through({}) is None

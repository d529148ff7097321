"""When a cost day is settled, and when it is closed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.cost.settings import Settle
from costwatch.cost.settling import closed_before, settled
from costwatch.model import State

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TODAY = NOW.date()
SETTLE = Settle(age_hours=48, min_line_share=0.9, at_most_days=7)


def state_of(days_ago: int, line_counts: dict[int, int], closed: date = date.min) -> State:
    counts = {TODAY - timedelta(days=ago): lines for ago, lines in line_counts.items()}
    return settled(counts, closed, NOW, SETTLE).states[TODAY - timedelta(days=days_ago)]


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
WEEKDAYS = {ago: 100 for ago in range(1, 29) if (TODAY - timedelta(days=ago)).weekday() < 5}
# line counts by days ago; then how many days ago the last settled day lies, and the last one passed
REACH: dict[str, tuple[dict[int, int], int | None, int | None]] = {
    "the newest settled day": (FULL, 3, 3),
    "the day before one with few lines": ({**FULL, 4: 10}, 5, 5),
    "the day before one that is missing": (without(5), 6, 6),
    "past a day that has been missing for a week": (without(9), 3, 3),
    "past a day that is missing every week": (without(5, 12), 3, 3),
    "the last day of a source that stopped a while ago": (dict.fromkeys(range(10, 30), 100), 10, 10),
    "the last day of a source that stopped after an outage": (
        {ago: 100 for ago in range(10, 60) if not 30 <= ago < 40},
        10,
        10,
    ),
    "the last day of a source that bills once a month, and past its silence": (MONTHLY, 21, 3),
    "a source that bills once a month holds back who waits for its next bill": (
        dict.fromkeys((45, 76, 106), 1),
        45,
        16,
    ),
    "past the weekends of a source that has none": (WEEKDAYS, 3, 3),
    "no day where the first is too young": ({1: 100}, None, None),
    "no day of nothing": ({}, None, None),
}


@pytest.mark.parametrize(("counts", "through", "passed"), REACH.values(), ids=REACH)
def test_data_reaches(counts: dict[int, int], through: int | None, passed: int | None) -> None:
    held = {TODAY - timedelta(days=ago): lines for ago, lines in counts.items()}
    found = settled(held, date.min, NOW, SETTLE)
    expected = [None if ago is None else TODAY - timedelta(days=ago) for ago in (through, passed)]
    assert [found.through, found.passed] == expected


def test_over_a_weekend_a_source_without_weekends_is_settled_through_friday() -> None:
    friday, monday = date(2026, 11, 20), datetime(2026, 11, 23, 12, tzinfo=UTC)
    held = {day: lines for ago, lines in WEEKDAYS.items() if (day := TODAY - timedelta(days=ago)) <= friday}
    found = settled(held, date.min, monday + timedelta(days=1), SETTLE)
    assert (found.through, found.passed) == (friday, date(2026, 11, 21))
    assert found.states.keys() == held.keys()


@given(
    st.dictionaries(st.integers(0, 120), st.integers(0, 500)),
    st.integers(0, 130),
    st.integers(0, 10),
)
def test_nothing_is_settled_beyond_the_last_day_known(
    counts: dict[int, int], closed: int, at_most_days: int
) -> None:
    held = {TODAY - timedelta(days=ago): lines for ago, lines in counts.items()}
    known = {day for day, lines in held.items() if lines}
    settle = Settle(at_most_days=at_most_days)
    found = settled(held, TODAY - timedelta(days=closed), NOW, settle)
    assert found.states.keys() == known
    assert found.through is None or found.through in known
    assert (found.through is None) == (found.passed is None)
    if found.through and found.passed:
        assert found.through <= found.passed
        assert all(found.states[day].is_settled for day in known if day <= found.passed)


@pytest.mark.parametrize(
    ("ago", "days"),
    [
        pytest.param(FULL, 7, id="a source of every day"),
        pytest.param(MONTHLY, 36, id="a source of once a month"),
        pytest.param({ago: 1 for ago in range(60) if not 20 < ago < 40}, 7, id="a source after an outage"),
        pytest.param({}, 7, id="a source of nothing"),
    ],
)
def test_a_source_is_late_after(ago: dict[int, int], days: float) -> None:
    held = {TODAY - timedelta(days=each): lines for each, lines in ago.items()}
    assert settled(held, date.min, NOW, SETTLE).late_after_days == days


# --- days that are told by sums -------------------------------------------------------------------

SUMS = dict.fromkeys(range(1, 40), 3)  # lines: one for each service


def by_amount(ago: int, amounts: dict[int, int], currency: str = "USD") -> State:
    day = TODAY - timedelta(days=ago)
    usual = {each: {"USD": 700 if (TODAY - timedelta(days=each)).weekday() > 4 else 1000} for each in SUMS}
    usual |= {each: {currency: amount} for each, amount in amounts.items()}
    costs = {TODAY - timedelta(days=each): amount for each, amount in usual.items()}
    lines = {TODAY - timedelta(days=each): count for each, count in SUMS.items()}
    return settled(lines, date.min, NOW, SETTLE, amounts=costs).states[day]


@pytest.mark.parametrize(
    ("ago", "amounts", "expected"),
    [
        pytest.param(3, {}, State.SETTLED, id="an ordinary Thursday"),
        pytest.param(3, {3: 800}, State.SETTLED, id="80 % of the Thursdays before"),
        pytest.param(3, {3: 799}, State.ESTIMATED, id="less than that, with as many lines"),
        pytest.param(8, {8: 1}, State.SETTLED, id="far less, a week after it ended"),
        pytest.param(7, {7: 700}, State.SETTLED, id="a Sunday is held against Sundays"),
        pytest.param(3, {10: 90_000}, State.SETTLED, id="one odd Thursday does not move what is usual"),
        pytest.param(7, {14: 90_000, 21: 90_000}, State.SETTLED, id="nor the fees of 1 Nov beside it"),
        pytest.param(3, {10: -50, 17: -50, 24: -50, 31: -50, 3: -90}, State.SETTLED, id="credits only"),
    ],
)
def test_a_day_of_sums_settles_by_its_amount(ago: int, amounts: dict[int, int], expected: State) -> None:
    assert by_amount(ago, amounts) is expected


def test_a_day_that_lacks_one_of_its_currencies_is_estimated() -> None:
    assert by_amount(3, {3: 1000}, "EUR") is State.ESTIMATED

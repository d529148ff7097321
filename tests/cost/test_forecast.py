"""What a period has cost and will cost: exact sums, a robust pattern, an honest band."""

import math
import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.cost.forecast import Outlook, burn_up, outlook, period_of
from costwatch.model import Series
from costwatch.testing import daily

NOVEMBER = (date(2026, 11, 1), date(2026, 12, 1))
THROUGH = date(2026, 11, 19)


def weekly(first: date, through: date, weekday: int = 100, weekend: int = 40) -> Series:
    days = [first + timedelta(days=number) for number in range((through - first).days + 1)]
    return daily(first, *(weekend if day.weekday() > 4 else weekday for day in days))


def changed(series: Series, **values: object) -> Series:
    """With other values on days written as ``d2026_11_01``."""
    new = {
        date.fromisoformat(key[1:].replace("_", "-")): Decimal(str(value)) for key, value in values.items()
    }
    return tuple(type(point)(point.at, new.get(point.day, point.value), point.state) for point in series)


def standing_of(series: Series, first: date, after: date, through: date) -> Outlook:
    """Without a budget."""
    return outlook(series, None, first, after, through)


def test_a_weekly_pattern_goes_on() -> None:
    found = standing_of(weekly(date(2026, 10, 1), THROUGH), *NOVEMBER, THROUGH)
    assert found.spent == 14 * 100 + 5 * 40
    assert found.forecast == 21 * 100 + 9 * 40
    assert found.low == found.high == found.forecast


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({}, id="nothing odd"),
        pytest.param({"d2026_11_12": 9_000}, id="one runaway day does not move the medians"),
        pytest.param({"d2026_11_08": -5_000}, id="nor does one refund"),
        pytest.param({"d2026_11_01": 5_000}, id="nor does a fee on the first of the month"),
    ],
)
def test_days_to_come_cost_what_their_weekday_usually_does(odd: dict[str, object]) -> None:
    series = changed(weekly(date(2026, 10, 1), THROUGH), **odd)
    found = standing_of(series, *NOVEMBER, THROUGH)
    assert found.forecast - found.spent == 7 * 100 + 4 * 40


def test_a_monthly_fee_is_expected_on_the_first_of_the_months_to_come() -> None:
    series = changed(weekly(date(2026, 10, 1), THROUGH), d2026_11_01=5_000)
    quarter = standing_of(series, *period_of("quarter", THROUGH), THROUGH)
    without = standing_of(weekly(date(2026, 10, 1), THROUGH), *period_of("quarter", THROUGH), THROUGH)
    # Both firsts, the one spent and the one to come, cost a Sunday's 40 without the fee.
    assert quarter.forecast - without.forecast == 2 * (5_000 - 40)


def test_days_without_a_row_cost_nothing_once_the_series_has_begun() -> None:
    weekdays_only = tuple(point for point in weekly(date(2026, 10, 1), THROUGH) if point.day.weekday() < 5)
    found = standing_of(weekdays_only, *NOVEMBER, THROUGH)
    assert found.forecast == 21 * 100


def test_with_a_few_days_known_the_median_of_all_of_them_goes_on() -> None:
    found = standing_of(daily(date(2026, 11, 17), 90, 100, 120), *NOVEMBER, THROUGH)
    assert (found.spent, found.forecast) == (310, 310 + 11 * 100)


def test_nothing_known_and_nothing_left() -> None:
    complete = standing_of((), *NOVEMBER, date(2026, 11, 30))
    assert complete.is_complete
    assert standing_of((), *NOVEMBER, THROUGH) == replace(complete, is_complete=False)
    done = standing_of(weekly(date(2026, 10, 1), date(2026, 12, 5)), *NOVEMBER, date(2026, 12, 5))
    assert done.spent == done.forecast == done.low == done.high == 21 * 100 + 9 * 40


def test_a_period_still_ahead_is_all_forecast() -> None:
    december = (date(2026, 12, 1), date(2027, 1, 1))
    line = burn_up(weekly(date(2026, 10, 1), THROUGH), *december, THROUGH)
    assert not any(entry.is_settled for entry in line)
    assert standing_of(weekly(date(2026, 10, 1), THROUGH), *december, THROUGH).spent == 0


def test_an_empty_period_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        burn_up((), date(2026, 11, 2), date(2026, 11, 2), THROUGH)


def test_the_band_holds_about_four_of_five_outcomes() -> None:
    inside = 0
    source = random.Random(7)
    for _ in range(400):
        values = [
            (400 if day % 7 in (5, 6) else 1000) * math.exp(source.gauss(0, 0.1)) for day in range(49 + 11)
        ]
        first = THROUGH - timedelta(days=48)
        found = standing_of(daily(first, *(round(value, 2) for value in values[:49])), *NOVEMBER, THROUGH)
        actual = found.spent + sum(Decimal(str(round(value, 2))) for value in values[49:])
        inside += found.low <= actual <= found.high
    assert 0.72 <= inside / 400 <= 0.88


def test_the_band_never_promises_less_than_is_spent() -> None:
    noisy = daily(date(2026, 11, 13), 1, 900, 3, 500, 2, 800, 1)
    found = standing_of(noisy, *NOVEMBER, THROUGH)
    assert found.spent <= found.low <= found.forecast <= found.high


@pytest.mark.parametrize(
    ("amount", "crossing"),
    [
        pytest.param(10_000, None, id="never"),
        pytest.param(300, date(2026, 11, 4), id="in the past"),
        pytest.param(1_650, date(2026, 11, 20), id="tomorrow"),
        pytest.param(2_459, date(2026, 11, 30), id="on the last day"),
        pytest.param(2_460, None, id="spent to the cent is not over"),
    ],
)
def test_the_day_a_budget_is_crossed(amount: int, crossing: date | None) -> None:
    found = outlook(weekly(date(2026, 10, 1), THROUGH), Decimal(amount), *NOVEMBER, THROUGH)
    assert found.crossing_day == crossing
    assert found.share == Decimal(1_600) / amount


def test_without_an_amount_there_is_no_share() -> None:
    found = outlook(weekly(date(2026, 10, 1), THROUGH), None, *NOVEMBER, THROUGH)
    assert (found.share, found.crossing_day, found.forecast) == (None, None, 2_460)


@pytest.mark.parametrize(
    ("kind", "day", "first", "after"),
    [
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        ("month", date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
        ("quarter", date(2026, 11, 19), date(2026, 10, 1), date(2027, 1, 1)),
        ("quarter", date(2026, 1, 1), date(2026, 1, 1), date(2026, 4, 1)),
        ("quarter", date(2026, 6, 30), date(2026, 4, 1), date(2026, 7, 1)),
    ],
)
def test_calendar_periods(kind, day: date, first: date, after: date) -> None:
    assert period_of(kind, day) == (first, after)


@given(
    values=st.lists(st.decimals(-10_000, 10_000, places=4), min_size=0, max_size=60),
    through=st.dates(date(2026, 10, 20), date(2026, 12, 10)),
)
def test_the_line_begins_with_exact_sums_and_ends_at_the_forecast(
    values: list[Decimal], through: date
) -> None:
    series = daily(date(2026, 10, 10), *values)
    line = burn_up(series, *NOVEMBER, through)
    assert [entry.day for entry in line] == [NOVEMBER[0] + timedelta(days=number) for number in range(30)]
    for entry in line:
        assert entry.is_settled == (entry.day <= through)
        assert entry.low <= entry.amount <= entry.high
        if entry.is_settled:
            known = (point.value for point in series if NOVEMBER[0] <= point.day <= entry.day)
            assert entry.amount == sum(known)
    whole = outlook(series, Decimal(100), *NOVEMBER, through)
    assert (whole.forecast, whole.low, whole.high) == (line[-1].amount, line[-1].low, line[-1].high)

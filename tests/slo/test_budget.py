"""What is left of an error budget, how fast it burns, and when it is gone: worked answers by hand."""

from datetime import timedelta
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.model import Severity
from costwatch.slo.budget import Budget
from costwatch.slo.burn import Burn, burn_rate, burning, exhaustion, severity
from costwatch.slo.windows import BurnWindow, burn_windows
from tests.made.slo_buckets import seconds_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONTH = 30 * 86400


def whole(target: float, good: float, total: float, seconds: int = MONTH) -> Budget:
    """A rolling period of which everything is known."""
    return Budget(target, good, total, seconds, seconds, seconds, seconds)


def pairs(burns: dict[timedelta, Burn], min_events: float = 0) -> list[BurnWindow]:
    """Those of 30 days that burn."""
    rates = {length: burn.rate for length, burn in burns.items()}
    events = {length: burn.total for length, burn in burns.items()}
    return burning(burn_windows(30 * DAY)[0], rates, events, min_events)


def test_an_sli_of_a_half_burns_a_nine_in_ten_five_times() -> None:
    assert burn_rate(50, 100, 0.9) == pytest.approx(5)


def test_a_quiet_hour_is_known_and_no_events_are_no_hundred_per_cent() -> None:
    three_hours = whole(0.99, 24_000, 24_024, 3 * 3600)
    assert three_hours.sli == pytest.approx(0.99900100, abs=5e-9)
    assert three_hours.left == pytest.approx(0.90010, abs=5e-6)
    assert three_hours.coverage == 1
    quiet = whole(0.99, 0, 0, 3600)
    assert (quiet.sli, quiet.left, quiet.allowed, quiet.coverage) == (None, None, None, 1)
    gap = Budget(0.99, 24_000, 24_024, 3 * 3600, 3 * 3600, 3 * 3600, 2 * 3600)
    assert gap.coverage == pytest.approx(2 / 3)


def test_budgets_are_of_instances_and_never_of_the_mixture() -> None:
    assert burn_rate(10_800, 10_800, 0.99) == 0
    assert burn_rate(600, 1200, 0.99) == pytest.approx(50)


def test_ten_requests_an_hour_and_one_failure_use_a_seventh_of_the_month() -> None:
    month = whole(0.999, 7199, 7200)
    assert month.allowed == pytest.approx(7.2)
    assert month.used == pytest.approx(0.1389, abs=5e-5)
    first_hour = Budget(0.999, 9, 10, MONTH, MONTH, 3600, 3600)
    assert (first_hour.allowed, first_hour.used) == (pytest.approx(7.2), pytest.approx(0.1389, abs=5e-5))
    burns = {
        HOUR: Burn(HOUR, 9, 10, 3600, 0.999),
        5 * MINUTE: Burn(5 * MINUTE, 0, 1, 300, 0.999),
    }
    assert [burns[one].rate for one in (HOUR, 5 * MINUTE)] == [pytest.approx(100), pytest.approx(1000)]
    assert pairs(burns)
    assert not pairs(burns, min_events=100)


def test_two_weeks_of_minutes_at_95_may_be_bad_for_16_h_48_min() -> None:
    slices = 14 * 24 * 60
    budget = whole(0.95, slices, slices, 14 * 86400)
    assert budget.allowed == pytest.approx(16 * 60 + 48)
    assert budget.seconds_allowed == pytest.approx((16 * 60 + 48) * 60)


def test_a_calendar_month_allows_what_its_traffic_will_come_to() -> None:
    third_day = Budget(0.999, 29_940, 30_000, MONTH, 3 * 86400, 3 * 86400, 3 * 86400)
    assert third_day.allowed == pytest.approx(300)
    assert third_day.left == pytest.approx(0.8)
    assert exhaustion(third_day, 2.0) == timedelta(days=12)
    assert exhaustion(third_day, 0.5) is None  # lasts until the month is over


def test_what_is_left_lasts_for_its_share_of_the_period_divided_by_the_burn() -> None:
    half = whole(0.999, 999_500, 1_000_000)
    assert exhaustion(half, 14.4) == pytest.approx(timedelta(days=15) / 14.4, abs=MINUTE)
    assert exhaustion(half, 0) is None
    assert exhaustion(half, None) is None
    assert exhaustion(whole(0.999, 999, 1001), 0) == timedelta()  # it is spent


def pages(second: int) -> bool:
    """Whether a total outage of two minutes pages so many seconds after it began, of an event a second."""
    burns = {
        length: Burn(
            length, *seconds_of(lambda at: not 0 <= at < 120, second, length.seconds), length.seconds, 0.999
        )
        for length in (HOUR, 5 * MINUTE, 6 * HOUR, 30 * MINUTE)
    }
    found = pairs(burns)
    assert all(pair.long == HOUR for pair in found), "six hours never burn fast enough"
    return severity(found) is Severity.PAGE


def test_a_two_minute_outage_pages_after_52_seconds_and_until_416() -> None:
    firing = [second for second in range(0, 500) if pages(second)]
    assert (firing[0], firing[-1]) == (52, 415)
    assert firing == list(range(52, 416))


def test_evaluated_every_15_seconds_it_fires_from_60_to_405_and_is_over_at_420() -> None:
    assert [second for second in range(0, 500, 15) if pages(second)] == list(range(60, 406, 15))


@given(
    target=st.floats(0.001, 0.99999),
    total=st.floats(0, 1e15),
    share=st.floats(-0.1, 1.1),
    spans=st.lists(st.integers(0, 10**8), min_size=4, max_size=4).map(sorted),
    rate=st.one_of(st.none(), st.floats(-1e3, 1e6)),
)
def test_no_number_is_ever_none_of_the_finite(target, total, share, spans, rate) -> None:
    known, counted, expected, period = spans
    budget = Budget(target, total * share, total, period, expected, counted, known)
    names = ("sli", "allowed", "used", "left", "events_left", "seconds_left", "coverage", "seconds_allowed")
    for name in names:
        value = getattr(budget, name)
        assert value is None or isfinite(value)
    assert 0 <= budget.coverage <= 1
    lasts = exhaustion(budget, rate)
    assert lasts is None or lasts >= timedelta()
    found = Burn(HOUR, total * share, total, known, target).rate
    assert found is None or isfinite(found)


@pytest.mark.parametrize(
    "wrong", [{"good": float("nan")}, {"total": float("inf")}, {"target": 1.0}, {"target": 0.0}]
)
def test_what_is_no_number_is_refused(wrong: dict[str, float]) -> None:
    given = {"target": 0.9, "good": 1.0, "total": 1.0, **wrong}
    with pytest.raises(ValueError, match="no error budget"):
        Budget(**given, period_seconds=1, expected_seconds=1, counted_seconds=1, known_seconds=1)

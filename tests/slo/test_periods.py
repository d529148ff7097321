"""Which period holds an instant, in whose calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.model import Window
from costwatch.slo.budget import Budget
from costwatch.slo.objectives import Period
from costwatch.slo.periods import current_window

wall = datetime.fromisoformat  # a wall clock, of no zone yet

MONTHS = Period(months=1, anchor=wall("2024-01-01"), zone="Europe/Berlin")
MINUTE = timedelta(minutes=1)


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "hours", "minutes_allowed"),
    [
        pytest.param(utc(2026, 10, 20), 745, 44.70, id="an October in Berlin has an hour more"),
        pytest.param(utc(2026, 3, 2), 743, 44.58, id="a March an hour less"),
        pytest.param(
            utc(2026, 11, 30, 22, 59, 59), 720, 43.20, id="November ends an hour before it does in UTC"
        ),
    ],
)
def test_months_are_those_of_the_zone(now: datetime, hours: int, minutes_allowed: float) -> None:
    window = current_window(MONTHS, now)
    assert window.end - window.start == timedelta(hours=hours)
    assert (window.end - window.start) / MINUTE == hours * 60
    seconds = hours * 3600
    assert Budget(0.999, 0, 0, seconds, 0, 0, 0).seconds_allowed / 60 == pytest.approx(minutes_allowed)


def test_a_month_begins_at_midnight_of_the_zone() -> None:
    assert current_window(MONTHS, utc(2026, 10, 31, 22, 59)) == Window(
        utc(2026, 9, 30, 22), utc(2026, 10, 31, 23)
    )
    assert current_window(MONTHS, utc(2026, 10, 31, 23)).start == utc(2026, 10, 31, 23)


def test_quarters_weeks_and_days_go_by_their_anchor() -> None:
    quarter = Period(months=3, anchor=wall("2026-02-01"))
    assert current_window(quarter, utc(2026, 11, 22)) == Window(utc(2026, 11, 1), utc(2027, 2, 1))
    week = Period(timedelta(weeks=1), anchor=wall("2024-01-01T06:00"), zone="Europe/Berlin")
    assert current_window(week, utc(2026, 10, 25, 12)) == Window(utc(2026, 10, 19, 4), utc(2026, 10, 26, 5))
    assert current_window(week, utc(2020, 1, 1)) == Window(utc(2019, 12, 30, 5), utc(2020, 1, 6, 5))


def test_a_month_from_the_31st_begins_on_the_last_day_of_shorter_ones() -> None:
    late = Period(months=1, anchor=wall("2026-01-31"))
    assert current_window(late, utc(2026, 2, 28, 1)) == Window(utc(2026, 2, 28), utc(2026, 3, 31))
    assert current_window(late, utc(2026, 2, 27)) == Window(utc(2026, 1, 31), utc(2026, 2, 28))


def test_a_rolling_period_ends_now() -> None:
    assert current_window(Period(timedelta(days=28)), utc(2026, 11, 22)) == Window(
        utc(2026, 10, 25), utc(2026, 11, 22)
    )


@given(
    now=st.datetimes(wall("2000-01-01"), wall("2050-01-01"), timezones=st.just(UTC)),
    anchor=st.datetimes(wall("2020-01-01"), wall("2030-01-01")),
    period=st.sampled_from(
        [{"months": 1}, {"months": 3}, {"duration": timedelta(days=1)}, {"duration": timedelta(weeks=2)}]
    ),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_every_instant_lies_in_one_period_and_the_next_begins_where_it_ends(
    now, anchor, period, zone
) -> None:
    of = Period(anchor=anchor, zone=zone, **period)
    window = current_window(of, now)
    assert window.start <= now < window.end
    assert current_window(of, window.end).start == window.end
    assert current_window(of, window.start) == window

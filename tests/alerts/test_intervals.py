"""Times of the week, the month and the year: held against an oracle that looks at the calendar alone."""

from calendar import monthcalendar
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from costwatch.alerts.intervals import NamedTimeInterval, TimeInterval
from costwatch.alerts.muting import muted_on
from costwatch.alerts.routing import RootRoute, resolve
from tests.made.messages import SPEND
from tests.made.soak import in_soak

WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
YEAR = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
PLACED = in_soak(3_000, else_=120)


def oracle(given: dict[str, Any], instant: datetime) -> bool:
    """By going through days and months one by one, as somebody with a calendar would."""
    local = instant.astimezone(ZoneInfo(given.get("location", "UTC")))
    last = max(max(week) for week in monthcalendar(local.year, local.month))

    def around(names: list[str], text: str) -> set[str]:
        first, _, end = text.partition(":")
        at, found = names.index(first), {first}
        while end and names[at] != end:
            at = (at + 1) % len(names)
            found.add(names[at])
        return found

    def days(text: str) -> set[int]:
        first, _, end = text.partition(":")
        month = [*range(1, last + 1)]
        below = [day for day in month if day >= (int(first) if int(first) > 0 else last + 1 + int(first))]
        end = end or first
        return {day for day in below if day <= (int(end) if int(end) > 0 else last + 1 + int(end))}

    minute = local.hour * 60 + local.minute
    times = [
        [int(part) for part in f"{each['start_time']}:{each['end_time']}".split(":")]
        for each in given.get("times", ())
    ]
    return (
        (not times or any(a * 60 + b <= minute < c * 60 + d for a, b, c, d in times))
        and (
            "weekdays" not in given
            or any(WEEK[local.weekday()] in around(WEEK, t) for t in given["weekdays"])
        )
        and ("days_of_month" not in given or any(local.day in days(text) for text in given["days_of_month"]))
        and ("months" not in given or any(YEAR[local.month - 1] in around(YEAR, t) for t in given["months"]))
        and ("years" not in given or any(local.year in _years(text) for text in given["years"]))
    )


def _years(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end or first) + 1)


def ranges(of: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    return st.lists(of, min_size=1, max_size=2).map(lambda ends: ":".join(map(str, ends)))


def in_order(text: str) -> bool:
    ends = [int(part) for part in text.split(":")]
    return ends == sorted(ends)


CLOCK = st.integers(0, 24 * 60).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
TIMES = st.lists(CLOCK, min_size=2, max_size=2, unique=True).map(
    lambda ends: dict(zip(("start_time", "end_time"), sorted(ends), strict=True))
)
DAYS = (
    ranges(st.integers(1, 28))
    | ranges(st.integers(-28, -1))
    | st.sampled_from(["1:31", "1:-1", "29:-1", "-31:-1"])
)
INTERVAL = st.fixed_dictionaries(
    {"location": st.sampled_from(ZONES)},
    optional={
        "times": st.lists(TIMES, min_size=1, max_size=2),
        "weekdays": st.lists(ranges(st.sampled_from(WEEK)), min_size=1, max_size=2),
        "days_of_month": st.lists(DAYS, max_size=2, min_size=1),
        "months": st.lists(ranges(st.sampled_from(YEAR)), min_size=1, max_size=2),
        "years": st.lists(ranges(st.integers(2024, 2028)).filter(in_order), min_size=1, max_size=2),
    },
)
# Half of them near the changes of clocks.
AT = st.integers(0, 5 * 366 * 24 * 60).map(
    lambda minute: datetime(2023, 12, 1, tzinfo=UTC) + timedelta(minutes=minute)
) | st.builds(
    lambda day, minute: day + timedelta(minutes=minute),
    st.sampled_from(
        [datetime(2026, m, d, tzinfo=UTC) for m, d in ((3, 7), (3, 28), (4, 4), (10, 3), (10, 24), (10, 31))]
    ),
    st.integers(0, 3 * 24 * 60),
)


@settings(max_examples=PLACED, deadline=None)
@given(INTERVAL, st.lists(AT, min_size=40, max_size=80))
def test_an_interval_holds_what_the_calendar_says(given_: dict[str, Any], instants: list[datetime]) -> None:
    try:
        interval = TimeInterval.model_validate(given_)
    except ValidationError:  # of days that no month has
        return
    for instant in instants:
        assert interval.contains(instant) is oracle(given_, instant)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("month", [3, 4, 10, 11])
def test_every_minute_of_a_month_with_a_change_of_clocks_is_in_its_1_to_31(zone: str, month: int) -> None:
    whole = TimeInterval(days_of_month=("1:31",), months=(str(month),), location=zone)
    last = TimeInterval(days_of_month=("-1",), months=(str(month),), location=zone)
    at = datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = datetime(2026, month + 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert not whole.contains(at - timedelta(minutes=1))
    assert not whole.contains(end)
    begins = datetime(2026, month + 1, 1, tzinfo=ZoneInfo(zone)) - timedelta(days=1)
    while at < end:
        assert whole.contains(at)
        assert last.contains(at) is (at >= begins.astimezone(UTC))
        at += timedelta(minutes=7)


@pytest.mark.parametrize(
    ("given_", "instant", "expected"),
    [
        pytest.param({"days_of_month": ["29:31"]}, "2027-02-28T12:00Z", False, id="a range it lacks"),
        pytest.param({"days_of_month": ["27:31"]}, "2027-02-28T12:00Z", True, id="a range is cut"),
        pytest.param({"days_of_month": ["-31:-1"]}, "2027-02-01T00:00Z", True, id="cut at its start, too"),
        pytest.param({"days_of_month": ["-31"]}, "2027-02-01T00:00Z", False, id="the 31st of 28"),
        pytest.param({"days_of_month": ["1:-1"]}, "2027-02-28T23:59Z", True, id="from the first to the last"),
        pytest.param({"months": ["november:february"]}, "2027-01-15T12:00Z", True, id="past the year"),
        pytest.param({"months": ["11:2"]}, "2027-03-01T00:00Z", False, id="past the end of it, in numbers"),
        pytest.param({"months": ["May"]}, "2027-05-01T00:00Z", True, id="whatever its case"),
        pytest.param({"months": ["05"]}, "2027-05-01T00:00Z", True, id="with a zero"),
        pytest.param({"years": ["2027:2029"]}, "2029-12-31T23:59Z", True, id="the last minute of years"),
        pytest.param({"years": ["2027"], "location": "Asia/Tokyo"}, "2026-12-31T15:00Z", True, id="its year"),
        pytest.param(
            {"times": [{"start_time": "00:00", "end_time": "24:00"}], "weekdays": ["friday:monday"]},
            "2026-11-30T23:59Z", True, id="the last minute of a Monday",
        ),
    ],
)  # fmt: skip
def test_intervals_of_the_month_and_the_year(given_: dict[str, Any], instant: str, expected: bool) -> None:
    assert TimeInterval.model_validate(given_).contains(datetime.fromisoformat(instant)) is expected


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        pytest.param({"days_of_month": ["0"]}, "must be a day such as 1 or -1", id="day 0"),
        pytest.param({"days_of_month": ["32"]}, "must be a day such as 1 or -1", id="day 32"),
        pytest.param({"days_of_month": ["-32"]}, "must be a day such as 1 or -1", id="32nd from the end"),
        pytest.param({"days_of_month": ["1:2:3"]}, "must be a day such as 1 or -1", id="two colons"),
        pytest.param({"days_of_month": ["١"]}, "must be a day such as 1 or -1", id="other digits"),
        pytest.param({"days_of_month": ["-3:5"]}, "write two entries", id="end to start"),
        pytest.param({"days_of_month": ["15:1"]}, "ends before it begins", id="days backwards"),
        pytest.param({"days_of_month": ["-1:-3"]}, "ends before it begins", id="days backwards from the end"),
        pytest.param({"months": ["13"]}, "must be a month", id="month 13"),
        pytest.param({"months": ["january:"]}, "must be a month", id="half a range"),
        pytest.param({"months": ["juny"]}, "must be a month", id="a month misspelt"),
        pytest.param({"years": ["27"]}, "must be a year", id="two digits"),
        pytest.param({"years": ["2028:2027"]}, "ends before it begins", id="years backwards"),
        pytest.param({"months": ["february"], "days_of_month": ["30:31"]}, "no such", id="30 February"),
        pytest.param(
            {"months": ["4", "june"], "days_of_month": ["31"]}, "no such 'days_of_month'", id="31 of 30"
        ),
    ],
)
def test_what_no_day_lies_in_is_refused(given_: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TimeInterval.model_validate(given_)


@settings(max_examples=in_soak(2_000, else_=60), deadline=None)
@given(INTERVAL, INTERVAL, AT)
def test_an_alert_is_told_inside_its_active_and_outside_its_muted_times(
    active: dict[str, Any], mute: dict[str, Any], now: datetime
) -> None:
    try:
        known = [
            NamedTimeInterval.model_validate({"name": name, "time_intervals": [given_]})
            for name, given_ in (("open", active), ("closed", mute))
        ]
    except ValidationError:
        return
    below = {"active_time_intervals": ["open"], "mute_time_intervals": ["closed"]}
    root = RootRoute.model_validate({"receiver": "r", "routes": [below]})
    is_told = oracle(active, now) and not oracle(mute, now)
    assert bool(muted_on(resolve(root, known).children[0], [SPEND], now)) is not is_told

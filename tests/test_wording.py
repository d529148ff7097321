"""Days, amounts and foreign text in sentences, and instants as the warehouse stores them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.warehouse.encoding import from_text, to_text
from costwatch.wording import ago, at_instant, digits, on_day, percent, printable, quantity, shortened


def test_days_and_instants() -> None:
    assert on_day(date(2026, 11, 7)) == "7 Nov 2026"
    assert at_instant(datetime(2026, 11, 7, 6, 5, tzinfo=UTC)) == "2026-11-07 06:05 UTC"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        ("9412.335", "USD", "$9,412.34"),
        ("-5", "CHF", "-CHF 5.00"),
        ("31.52", "hours", "31 h 31 min"),
        ("30.0", "hours", "30 h"),
        ("139.2", "hours", "5 d 19 h"),
        ("29", "days", "29 days"),
        ("1.0693", "ratio", "107 %"),
        ("12345.678", "ratio", "1,234,568 %"),
        ("17.25", "", "17.2"),
    ],
)
def test_quantities(value: str, unit: str, said: str) -> None:
    assert quantity(Decimal(value), unit) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (59, "just now"),
        (4 * 60 + 59, "4 min ago"),
        (3600, "1 h ago"),
        (47 * 3600 + 60, "47 h 1 min ago"),
        (48 * 3600 + 60, "2 d ago"),
        (139.2 * 3600, "5 d 19 h ago"),
    ],
)
def test_how_long_ago(seconds: float, said: str) -> None:
    assert ago(timedelta(seconds=seconds)) == said


def test_percentages_round_half_away_from_zero() -> None:
    assert [percent(Decimal(ratio)) for ratio in ("0.005", "-0.005", "0.0049")] == ["1 %", "-1 %", "0 %"]


@pytest.mark.parametrize(
    ("value", "text"), [("9412.330000000", "9412.33"), ("6000", "6000"), ("1E+3", "1000"), ("0.000", "0")]
)
def test_digits_are_exact_and_shortest(value: str, text: str) -> None:
    assert digits(Decimal(value)) == text


@given(st.text())
def test_printable_text_is_one_line_that_any_terminal_shows_as_it_is(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown
    shown.encode()
    if text.isprintable():
        assert shown == text


def test_long_text_is_cut() -> None:
    assert (shortened("abc", 3), shortened("abcd", 3)) == ("abc", "ab…")


@given(
    st.datetimes(datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2200-01-01")),
    st.integers(-14, 14),
)
def test_instants_are_stored_in_utc_in_an_order_text_keeps(instant: datetime, hours: int) -> None:
    aware = instant.replace(tzinfo=timezone(timedelta(hours=hours)))
    back = from_text(to_text(aware))
    assert timedelta() <= aware - back < timedelta(seconds=1)
    assert to_text(back) == to_text(aware)
    assert to_text(back) < to_text(back + timedelta(seconds=1))


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        to_text(datetime(2026, 11, 22))  # noqa: DTZ001

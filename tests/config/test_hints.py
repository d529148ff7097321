"""What people write for a number or a duration, and what they are told to write instead."""

from pathlib import Path

import pytest

from costwatch.config import check
from costwatch.config.hints import duration, number
from costwatch.plugins import parse_duration

NUMBERS = {
    "30k": "30000",
    "1.5M": "1500000",
    "2 thousand": "2000",
    "$100": "100",
    "US$ 30k": "30000",
    "100 USD": "100",
    "EUR 5": "5",
    "30 dollars": "30",
    "1,000": "1000",
    "1 000 000": "1000000",
    "$1,000.50": "1000.5",
    "1.000,50": "1000.5",
    "0,8": "0.8",
    "80%": "0.8",
    "12.5 percent": "0.125",
    "seven": "7",
    "soon": "",
    "12 apples": "",
    "1/2": "",
    "1,00,0": "",
    "": "",
}


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_by_what_was_meant(text: str) -> None:
    assert number(text) == NUMBERS[text]


@pytest.mark.parametrize(
    ("key", "text", "hint"),
    [
        ("age_hours", "two days", "48"),
        ("age_hours", "36h", "36"),
        ("close_after_days", "2 weeks", "14"),
        ("timeout_seconds", "1.5 minutes", "90"),
        ("age_hours", "soon", ""),
        ("percent", "60%", "60"),
        ("targetPercent", "99.5%", "99.5"),
        ("objective", "99.9%", "99.9"),
        ("above", "30%", "an amount, such as 300"),
        ("below", "30 percent", "an amount, such as 300"),
        ("min_impact", "30%", "an amount, such as 300"),
        ("amount", "30%", "an amount, such as 300"),
        ("above", "30k", "30000"),
        ("at", "80%", "0.8"),
        ("min_line_share", "80%", "0.8"),
    ],
)
def test_a_number_of_units_that_its_key_names(key: str, text: str, hint: str) -> None:
    assert number(text, key) == hint


DURATIONS = {
    "30 hours": "30h",
    "30 H": "30h",
    "two days": "48h",
    "a day": "24h",
    "1.5 hours": "1h30m",
    "1 hour 30 minutes": "1h30m",
    "2 days and 3 hours": "51h",
    "90 sec": "1m30s",
    "2 weeks": "14d",
    "one month": "30d",
    "30": "30m, 30h or 30d",
    "soon": "",
    "0 hours": "",
    "-3 h": "",
    "0.5 s": "",
}


@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_by_what_was_meant(text: str) -> None:
    hint = duration(text)
    assert hint == DURATIONS[text]
    if hint and " " not in hint:
        assert parse_duration(hint).total_seconds() > 0


SENTENCES = {
    "an amount": (
        "budgets: [{amount: 30k}]\n",
        "'amount' must be a number, not '30k'; write 30000",
    ),
    "hours of which the key speaks": (
        "settle: {age_hours: two days}\n",
        "'age_hours' must be a number, not 'two days'; write 48",
    ),
    "a share as a percentage": (
        "settle: {min_line_share: 90}\n",
        "'min_line_share' must be at most 1, not '90'; write 0.9 for 90 %",
    ),
    "a share with its sign": (
        "settle: {min_line_share: 90%}\n",
        "'min_line_share' must be a number, not '90%'; write 0.9",
    ),
    "a whole number that nobody meant": (
        "ui: {port: 80%}\n",
        "'port' must be a whole number, not '80%'; write e.g. port: 7",
    ),
    "what nobody can tell": (
        "budgets: [{amount: plenty}]\n",
        "'amount' must be a number, not 'plenty'; write e.g. amount: 100",
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_a_mistake_says_what_to_write(tmp_path: Path, case: str) -> None:
    text, expected = SENTENCES[case]
    (tmp_path / "alerts.yaml").write_text("route: {receiver: out}\nreceivers: [{name: out, kind: stdout}]\n")
    (tmp_path / "costwatch.yaml").write_text(text)
    assert check(tmp_path / "costwatch.yaml") == [f"{tmp_path}/costwatch.yaml:1: {expected}"]

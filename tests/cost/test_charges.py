"""Flat fees: when they are due, and what their days cost."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from costwatch.cost.charges import Charge, lines_of
from costwatch.money import nanos


def charge(**settings: Any) -> Charge:
    return Charge.model_validate({"name": "support", "amount": "100", "from": "2026-01-31", **settings})


def due(of: Charge, before: date) -> dict[date, int]:
    return {line.day: line.BilledCostNano for line in lines_of(of, before) if line.BilledCostNano}


TERMS = {
    "months end with the shorter month": (
        {"period": "month", "until": date(2026, 5, 1)},
        ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
    ),
    "quarters": (
        {"period": "quarter", "until": date(2026, 8, 1)},
        ["2026-01-31", "2026-04-30", "2026-07-31"],
    ),
    "years": ({"period": "year"}, ["2026-01-31", "2027-01-31"]),
    "once": ({"period": "once"}, ["2026-01-31"]),
    "once, spread": ({"period": "once", "until": date(2026, 12, 31)}, ["2026-01-31"]),
}


@pytest.mark.parametrize(("settings", "days"), TERMS.values(), ids=TERMS)
def test_each_term_is_due_on_its_first_day(settings: dict[str, Any], days: list[str]) -> None:
    found = due(charge(**settings), date(2027, 6, 1))
    assert [day.isoformat() for day in found] == days
    assert set(found.values()) == {nanos(charge().amount)}


@given(
    st.decimals(min_value=-(10**6), max_value=10**6, places=9),
    st.dates(date(2024, 1, 1), date(2026, 1, 1)),
    st.sampled_from(["month", "quarter", "year", "once"]),
    st.integers(1, 500),
)
def test_what_is_due_is_spread_to_the_nano_unit(amount: Any, first: date, period: str, days: int) -> None:
    of = charge(**{"amount": amount, "from": first, "period": period, "until": first + timedelta(days=days)})
    lines = [*lines_of(of, date(2030, 1, 1))]
    assert sum(line.BilledCostNano for line in lines) == sum(line.EffectiveCostNano for line in lines)
    shares = Counter(line.EffectiveCostNano for line in lines if line.category == "Usage")
    assert all(of.since <= line.day < first + timedelta(days=days) for line in lines)
    assert period == "once" or shares


def test_a_calendar_month_costs_its_fee_exactly_and_no_day_more_than_another() -> None:
    of = charge(**{"amount": "100", "from": date(2026, 2, 1)})
    for month, after in ((2, 3), (3, 4), (4, 5)):
        days = [
            line.EffectiveCostNano
            for line in lines_of(of, date(2026, 12, 1))
            if date(2026, month, 1) <= line.day < date(2026, after, 1) and line.category == "Usage"
        ]
        assert sum(days) == 100 * 10**9
        assert max(days) - min(days) <= 1


def test_days_that_are_not_over_cost_nothing_yet_and_never_change() -> None:
    of = charge(**{"from": date(2026, 2, 1)})
    assert [*lines_of(of, date(2026, 2, 1))] == []
    so_far, later = ([*lines_of(of, date(2026, 2, day))] for day in (10, 20))
    assert later[: len(so_far)] == so_far


@pytest.mark.parametrize("wrong", [{"until": "2026-01-31"}, {"from": "1026-01-01"}, {"amount": 10**10}])
def test_what_can_be_no_charge_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        charge(**wrong)

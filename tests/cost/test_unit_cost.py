"""Cost ÷ volume: nothing is divided by what is 0 or unknown, and days are summed before they are divided."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from costwatch.cost.settings import UnitCostSettings
from costwatch.cost.unit_cost import UnitDay, change, cost_label, over_days, unit_cost, within
from costwatch.model import State

AMOUNTS = st.none() | st.decimals(-1_000, 1_000_000, places=9)
VOLUMES = st.none() | st.decimals(-5, 10**12, places=6)
DAYS = st.lists(st.builds(UnitDay, AMOUNTS, VOLUMES, st.sampled_from(State)), max_size=40)

VALUES = {
    "a thousand of them": ("6", "2000", "1000", "3"),
    "none at all is unknown, not infinite": ("6", "0", "1", None),
    "a counter that fell is unknown": ("6", "-1", "1", None),
    "an unknown volume is unknown, not 0": ("6", None, "1", None),
    "an unknown cost is unknown, not 0": (None, "5", "1", None),
    "what is free costs nothing": ("0", "5", "1", "0"),
    "a refund is negative": ("-6", "3", "1", "-2"),
    "a millionth of a cent has digits": ("1", "30000000", "1", "0.000000033333"),
}


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(("cost", "volume", "per", "expected"), VALUES.values(), ids=VALUES)
def test_unit_cost(cost: str | None, volume: str | None, per: str, expected: str | None) -> None:
    assert unit_cost(number(cost), number(volume), Decimal(per)) == number(expected)


@given(DAYS)
def test_known_and_unknown_days_are_all_days(days: list[UnitDay]) -> None:
    found = over_days(days)
    assert found.known_days + found.unknown_days == len(days)
    assert found.cost + found.unknown_cost == sum(day.cost or 0 for day in days)
    value = found.unit_cost(Decimal(1))
    if value is None:
        assert found.known_days == 0
    else:
        assert found.volume > 0
        each = [unit_cost(day.cost, day.volume, Decimal(1)) for day in days]
        known = [one for one in each if one is not None]
        assert min(known) - Decimal("1e-9") <= value <= max(known) + Decimal("1e-9")


def test_it_is_as_settled_as_the_least_settled_known_day() -> None:
    closed, estimated, unknown = (
        UnitDay(Decimal(1), volume, state)
        for volume, state in (
            (Decimal(2), State.CLOSED),
            (Decimal(2), State.ESTIMATED),
            (None, State.ESTIMATED),
        )
    )
    assert over_days([closed, unknown]).state is State.CLOSED
    assert over_days([closed, estimated]).state is State.ESTIMATED
    assert over_days([unknown]).state is State.ESTIMATED
    assert within({date(2026, 10, 1): closed}, date(2026, 10, 2), date(2026, 10, 3)) == []


def test_a_change_is_known_where_both_are() -> None:
    assert change(Decimal(3), Decimal(2)) == Decimal("0.5")
    assert [change(*pair) for pair in ((None, Decimal(1)), (Decimal(1), None), (Decimal(1), Decimal(0)))] == [
        None
    ] * 3


def test_a_label_of_a_volume_is_the_dimension_of_cost_or_what_splits_tell() -> None:
    assert [cost_label(name) for name in ("team", "namespace", "model")] == [
        "team",
        "namespace",
        "allocated:model",
    ]


REFUSED = {
    "another currency": ({"where": {"currency": "EUR"}}, "write it beside 'where'"),
    "a label twice": ({"by": ["team", "team"]}, "'by' names 'team' twice"),
    "a label that cost has not": ({"where": {"sistem": "x"}}, "use system"),
    "a label without a value": ({"where": {"team": []}}, "at least 1 item"),
    "units of nothing": ({"per": 0}, "greater than 0"),
    "a label that would be SQL": ({"by": ['x"y']}, "pattern"),
}


@pytest.mark.parametrize(("settings", "said"), REFUSED.values(), ids=REFUSED)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        UnitCostSettings.model_validate({"name": "prediction", "volume": "predictions", **settings})


def test_the_unit_says_per_how_many() -> None:
    one = UnitCostSettings(name="decision", volume="decisions")
    assert one.unit == "per decision"
    assert one.model_copy(update={"per": Decimal("1e6")}).unit == "per 1,000,000 decisions"

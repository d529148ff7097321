"""Chart specifications: order, colours, gaps, labels apart, exact tooltips, pictures safe inside HTML."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.charts import cost as charts
from costwatch.charts.axes import OTHER_COLOUR, PALETTE, apart, money_axis, theme_of

FRIDAY = date(2026, 11, 20)
HOSTILE = "\"]}'; </svg><script>alert(1)</script> ${x} ' + toString(1) + '"


def day_rows(keys: list[str], days: int = 14) -> list[dict[str, object]]:
    return [
        {"day": FRIDAY - timedelta(days=n), "key": key, "value": Decimal(100 - number) / 7}
        for n in range(days)
        for number, key in enumerate(keys)
    ]


def test_six_keys_keep_a_colour_and_the_tail_is_grey() -> None:
    spec = charts.stacked_days(day_rows([f"service {n}" for n in range(9)]), "USD")
    scale = spec["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == [*(f"service {n}" for n in range(6)), "other"]
    assert scale["range"] == [*PALETTE, OTHER_COLOUR]
    other = [row for row in spec["data"]["values"] if row["key"] == "other"]
    assert len(other) == 14
    assert other[0]["value"] == pytest.approx((94 + 93 + 92) / 7)


def test_six_keys_need_no_other() -> None:
    spec = charts.stacked_days(day_rows([f"service {n}" for n in range(6)]), "USD")
    assert "other" not in spec["layer"][0]["encoding"]["color"]["scale"]["domain"]


def test_a_key_called_other_is_grey_and_last() -> None:
    scale = charts.stacked_days(day_rows(["other", "s3"]), "USD")["layer"][0]["encoding"]["color"]["scale"]
    assert (scale["domain"], scale["range"]) == (["s3", "other"], [PALETTE[0], OTHER_COLOUR])


def test_a_missing_day_keeps_its_place() -> None:
    rows = [row for row in day_rows(["s3"]) if row["day"] != FRIDAY - timedelta(days=3)]
    spec = charts.stacked_days(rows, "USD")
    assert len(spec["layer"][0]["encoding"]["x"]["scale"]["domain"]) == 14
    assert len(spec["data"]["values"]) == 13


def test_the_tooltip_is_exact_and_says_what_may_change() -> None:
    rows = [{"day": FRIDAY, "key": "s3", "value": Decimal("1234.5649"), "estimated": True}]
    (bar,) = charts.stacked_days(rows, "EUR")["data"]["values"]
    assert bar["exact"] == "€1,234.56 (estimated)"


@pytest.mark.parametrize(
    ("days", "labelled"),
    [
        pytest.param(7, 7, id="a week: every day"),
        pytest.param(28, 4, id="four weeks: Mondays"),
        pytest.param(365, 12, id="a year: first days of months"),
    ],
)
def test_day_labels(days: int, labelled: int) -> None:
    spec = charts.stacked_days(day_rows(["s3"], days), "USD")
    assert len(spec["layer"][0]["encoding"]["x"]["axis"]["values"]) == labelled


def test_changes_carry_their_sign_and_keep_their_order() -> None:
    rows = [{"label": "a", "value": Decimal("-900.5")}, {"label": "b", "value": Decimal("12.25")}]
    spec = charts.changes(rows, "USD")
    assert [(row["text"], row["exact"]) for row in spec["data"]["values"]] == [
        ("-$900", "-$900.50"),
        ("+$12", "+$12.25"),
    ]
    assert spec["description"] == "Changes in USD: a -$900; b +$12."


def test_burn_up_says_in_words_what_it_draws() -> None:
    known = [{"day": date(2026, 11, n), "value": Decimal(n * 1000)} for n in range(1, 21)]
    ahead = [
        {"day": date(2026, 11, 30), "value": Decimal(30000), "low": Decimal(29000), "high": Decimal(31000)}
    ]
    spec = charts.burn_up(known, ahead, Decimal(28000), "USD", dark=True)
    assert spec["description"] == (
        "Cost since the start of the period, 1 Nov 2026 to 30 Nov 2026, forecast $30.0k, budget $28.0k."
    )
    assert ahead[0]["value"] == Decimal(30000)


def all_kinds(name: str, dark: bool | None) -> list[charts.Spec]:
    known = [{"day": FRIDAY - timedelta(days=n), "value": Decimal(90 - n)} for n in range(5)]
    return [
        charts.stacked_days(day_rows([name, "s3"]), "USD", dark),
        charts.stacked_days([], "USD", dark),
        charts.changes(
            [{"label": name, "value": Decimal(3)}, {"label": "s3", "value": Decimal(-2)}], "USD", dark
        ),
        charts.changes([], "USD", dark),
        charts.burn_up(
            known, [{**known[0], "low": Decimal(1), "high": Decimal(99)}], Decimal(95), "USD", dark
        ),
        charts.burn_up([], [], None, "USD", dark),
    ]


@pytest.mark.parametrize("dark", [False, True, None])
def test_every_kind_is_plain_json_and_drawn_without_a_browser(dark: bool | None) -> None:
    for spec in all_kinds("EC2", dark):
        assert json.loads(json.dumps(spec)) == spec
        assert charts.svg(spec).startswith('<svg role="img" aria-label="')


def test_names_from_tags_stay_text_in_a_picture() -> None:
    for spec in all_kinds(HOSTILE, None):
        drawn = charts.svg(spec)
        assert "<script" not in drawn
        assert drawn.count("</svg>") == 1
        assert not re.search(r"\s(id|href|xlink:href|onload)=|url\(|<style|<foreignObject", drawn)


def test_the_same_spec_gives_the_same_bytes() -> None:
    spec = charts.stacked_days(day_rows(["s3", "ec2"]), "USD", None)
    assert charts.svg(spec) == charts.svg(json.loads(json.dumps(spec)))


def test_inline_pictures_take_their_colours_from_the_page() -> None:
    drawn = charts.svg(charts.changes([{"label": "a", "value": Decimal(3)}], "USD", None))
    assert 'fill="var(--ink)"' in drawn


def test_credits_stack_below_zero() -> None:
    rows = [
        {"day": FRIDAY, "key": "credit", "value": Decimal(-50)},
        {"day": FRIDAY, "key": "s3", "value": Decimal(80)},
    ]
    low, high = charts.stacked_days(rows, "USD")["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low < -50 < 80 < high


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0, 100), min_size=1, max_size=7))
def test_labels_never_overlap_and_keep_their_order(middles: dict[str, float]) -> None:
    placed = apart(middles, 6.0, 100.0)
    values = list(placed.values())
    assert all(above - below > 5.999 for below, above in pairwise(values))
    assert values[-1] <= 100.0
    assert list(placed) == sorted(middles, key=middles.__getitem__)


def test_control_characters_from_tags_are_drawn_as_their_codes() -> None:
    rows = [{"day": date(2026, 11, 1), "key": "\x1b[31mred", "value": Decimal(3)}]
    assert r"\x1b[31mred" in charts.svg(charts.stacked_days(rows, "USD"))
    assert r"\x00" in charts.svg(charts.changes([{"label": "\x00nul", "value": Decimal(3)}], "USD"))


@pytest.mark.parametrize(
    ("top", "ticks"),
    [
        (0.25, ["$0", "$0.05", "$0.10", "$0.15", "$0.20", "$0.25"]),
        (0.000009, ["$0", "$0.000002", "$0.000004", "$0.000006", "$0.000008"]),
        (4, ["$0", "$1.00", "$2.00", "$3.00", "$4.00"]),
        (2_500_000_000, ["$0", "$500M", "$1B", "$1.5B", "$2B", "$2.5B"]),
    ],
    ids=["cents", "far below a cent", "a few dollars", "billions"],
)
def test_ticks_of_one_axis_have_the_same_decimals(top: float, ticks: list[str]) -> None:
    y = money_axis("value", "USD", theme_of(False), (0, top))
    drawn = charts.svg(
        {
            "$schema": charts.SCHEMA,
            "description": "ticks",
            "data": {"values": [{"value": 0}]},
            "height": 220,
            "mark": "point",
            "encoding": {"y": y},
        }
    )
    assert re.findall(r">([^<>]*\$[^<>]*)<", drawn) == ticks

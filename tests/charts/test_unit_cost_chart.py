"""The chart of unit costs: broken where a day is unknown, exact in its tooltip, drawable."""

from datetime import date, timedelta
from decimal import Decimal

from costwatch.charts.cost import svg
from costwatch.charts.unit_cost import unit_days

FIRST = date(2026, 11, 16)
DAYS = [FIRST + timedelta(days=number) for number in range(5)]
HOSTILE = "model=</svg><script>alert(1)</script>\x1b[31m"


def rows(*values: str | None, key: str = "model=fraud") -> list[dict[str, object]]:
    return [
        {"day": day, "key": key, "value": Decimal(value), "estimated": day == DAYS[-1]}
        for day, value in zip(DAYS, values, strict=True)
        if value is not None
    ]


def test_an_unknown_day_breaks_the_line_and_is_not_0() -> None:
    spec = unit_days(rows("0.00421", None, "0.005", "0.005", "0.006"), DAYS, "USD", "per 1,000 predictions")
    told = [(row["value"], row["exact"]) for row in spec["data"]["values"]]
    assert told == [
        (0.00421, "$0.00421 per 1,000 predictions"),
        (None, "unknown"),
        (0.005, "$0.005 per 1,000 predictions"),
        (0.005, "$0.005 per 1,000 predictions"),
        (0.006, "$0.006 per 1,000 predictions (estimated)"),
    ]


def test_it_can_be_drawn_whatever_names_say() -> None:
    spec = unit_days(rows("1", "2", None, "2", "3", key=HOSTILE), DAYS, "USD", "per decision", dark=None)
    assert "<script>" not in svg(spec)


def test_nothing_to_draw_is_no_trouble() -> None:
    assert unit_days([], DAYS, "USD", "per decision")["description"].endswith("no data.")

"""Two currencies share no total; with fixed monthly rates they can be read in one, marked as converted."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.answers import data
from costwatch.answers.costs import CostQuery, as_csv, by_day, rows_of
from costwatch.answers.overview import overview
from costwatch.config import load_config, schema
from costwatch.cost.conversion import Conversion, Unit, converted, months_of
from costwatch.cost.spending import EVERYONE
from costwatch.model import Window
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.bills import on_day, tags, write_csv
from tests.made.command_line import CONFIG, Costwatch, configure
from tests.made.warehouse_rows import Row, budget, fill

FIRST, LAST, AFTER = date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1)
RATES = Conversion.model_validate(
    {"reporting": "USD", "rates": {"2026-10": {"EUR": "1.0832"}, "2026-11": {"EUR": "2", "GBP": "1.27"}}}
)


# --- two currencies in one file -----------------------------------------------------------------

# A day costs risk 3 dollars and 50 euros: a total of 53, or of 3 + 3 + 50, would be a mixed one.
BILL = [
    on_day(day, EffectiveCost=amount, BilledCost=amount, BillingCurrency=currency, Tags=tags(team=team))
    for day in range(1, 32)
    for team, currency, amount in (("risk", "USD", "3"), ("risk", "EUR", "50"), ("payments", "USD", "1"))
]
ALERTS = """\
rules:
  - {name: Dollars, kind: threshold, above: 4.5}
  - {name: DollarsOfATeam, kind: threshold, by: [team], above: 2.5, currency: USD}
  - {name: Euros, kind: threshold, by: [team], above: 40, currency: EUR}
  - {name: Month, kind: budget}
route: {receiver: default, group_by: [rule]}
receivers:
  - {name: default, kind: stdout}
"""
BUDGETS = """\
budgets:
  - {name: dollars, amount: 130, currency: USD}
  - {name: euros, amount: 1000, currency: EUR}
currency: {reporting: USD, rates: {2026-10: {EUR: 1.0832}}}
"""


@pytest.fixture
def mixed(costwatch: Costwatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Costwatch:
    """A command line on a bill of one file in two currencies, allocated."""
    configure(tmp_path, CONFIG + BUDGETS, ALERTS)
    write_csv(tmp_path / "bill" / "bill.csv", BILL)
    for step in ("collect", "allocate"):
        assert costwatch(step).code == 0
    return costwatch


def test_two_currencies_in_one_file_never_share_a_total(mixed: Costwatch, tmp_path: Path) -> None:
    """Command line, report, alerts, the pages' questions and what is downloaded from them."""
    for by in ((), ("team",), ("service",), ("account", "region"), ("team", "category")):
        options = [part for name in by for part in ("--by", name)]
        rows = mixed("cost", "show", "--json", *options).json
        sums = {"USD": Decimal(), "EUR": Decimal()}
        for row in rows:
            sums[row["BillingCurrency"]] += row["EffectiveCostNano"]
        assert sums == {"USD": 124 * 10**9, "EUR": 1550 * 10**9}
    table = mixed("cost", "show", "--by", "team").out
    assert [line.split() for line in table.splitlines() if line.startswith("Total")] == [
        ["Total", "EUR", "€1,550.00"],
        ["Total", "USD", "$124.00"],
    ]

    report = mixed("report", "weekly", "--week", "2026-W44").out
    assert "**€300** for Mon 26 to Sat 31 Oct" in report
    assert "**$24** for Mon 26 to Sat 31 Oct" in report
    assert "| All teams | €300.00 |" in report
    assert "| All teams | $24.00 |" in report

    assert mixed("alerts", "eval").code == 0
    shown = {alert["rule"]: alert for alert in mixed("alerts", "list", "--json").json}
    assert shown.keys() == {"DollarsOfATeam", "Euros", "Month"}
    assert "risk: $3.00 on 31 Oct 2026" in shown["DollarsOfATeam"]["summary"]
    assert "risk: €50.00 on 31 Oct 2026" in shown["Euros"]["summary"]
    assert "all teams: October 2026 came to €1,550.00 of €1,000.00 (155 %)" in shown["Month"]["summary"]

    with Warehouse(tmp_path / "costwatch.db").read() as db:
        facts = WarehouseSnapshot(db, datetime(2026, 11, 3, tzinfo=UTC))
        answer = overview(facts)
        assert {(one.currency, one.team): one.month_to_date for one in answer.spending} == {
            ("USD", EVERYONE): 124,
            ("USD", "risk"): 93,
            ("USD", "payments"): 31,
            ("EUR", EVERYONE): 1550,
            ("EUR", "risk"): 1550,
        }
        for currency, total in (("USD", 124), ("EUR", 1550)):
            asked = CostQuery((), "team", "EffectiveCost", Unit(currency), FIRST, LAST, LAST)
            answer = by_day(facts, asked)
            assert sum(line.EffectiveCost for line in rows_of(answer, asked)) == total
            held = list(csv.DictReader(io.StringIO(as_csv(answer, asked))))
            assert {row["BillingCurrency"] for row in held} == {currency}
            assert sum(Decimal(row["BilledCost"]) for row in held) == total
            assert data.unowned(facts, currency, LAST).total == total / 31 * 30


# --- converting ---------------------------------------------------------------------------------


@given(st.integers(-(10**24), 10**24), st.decimals("0.000001", "999999", places=6))
def test_an_amount_is_converted_exactly_and_rounded_once(nano: int, rate: Decimal) -> None:
    with localcontext(prec=60):
        assert converted(nano, rate) == int((nano * rate).to_integral_value(ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("nano", "rate", "expected"),
    [
        pytest.param(1, "0.5", 1, id="half a nano-unit is rounded away from zero"),
        pytest.param(-1, "0.5", -1, id="also below zero"),
        pytest.param(3, "0.499", 1, id="less than half is not"),
        pytest.param(10**9, "1.0832", 1_083_200_000, id="one euro is what the rate says"),
    ],
)
def test_rounding(nano: int, rate: str, expected: int) -> None:
    assert converted(nano, Decimal(rate)) == expected


def test_a_rate_is_of_the_month_of_the_day() -> None:
    assert RATES.rate("EUR", LAST) == Decimal("1.0832")
    assert RATES.rate("EUR", AFTER) == Decimal(2)
    assert RATES.rate("USD", date(1999, 1, 1)) == 1
    assert RATES.rate("GBP", LAST) is None
    kept = [("GBP", LAST), ("GBP", FIRST), ("CHF", AFTER), ("CHF", LAST)]
    assert months_of(kept) == "CHF in 2026-10 and 2026-11, GBP in 2026-10"
    assert (RATES.unit.name, Unit("EUR").name) == ("USD, converted", "EUR")


AMOUNTS = st.lists(
    st.tuples(
        st.sampled_from([LAST, AFTER]),
        st.sampled_from(["risk", "payments", "unallocated"]),
        st.sampled_from(["EC2", "S3"]),
        st.sampled_from(["USD", "EUR", "GBP"]),
        st.decimals("-1000", "1000", places=9),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[:4],
)


@pytest.fixture(scope="module")
def refilled(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(tmp_path_factory.mktemp("refilled") / "costwatch.db")


@given(AMOUNTS)
def test_converted_teams_and_days_add_up_to_the_whole(refilled: Warehouse, amounts: list[Any]) -> None:
    fill(refilled, [(*row, row[4], "settled") for row in amounts])
    whole = read(refilled)
    for by, per_day in ((("team",), False), ((), True), (("team",), True)):
        parts = read(refilled, *by, per_day=per_day)
        for currency in {key[-2] for key in parts}:
            mine = [value for key, value in parts.items() if key[-2] == currency]
            assert sum(mine) == whole.get((currency, None), 0)
    assert whole == by_hand(refilled)


def by_hand(warehouse: Warehouse) -> dict[tuple[str, None], int]:
    """Each team's cost of each day by the rates, in decimals."""
    sums: dict[tuple[str, None], int] = defaultdict(int)
    with warehouse.read() as db, localcontext(prec=60):
        for row in cost(db, LAST, date(2026, 11, 2), ("team",), per_day=True):
            currency = row.labels["currency"]
            rate = {("EUR", LAST): "1.0832", ("EUR", AFTER): "2", ("GBP", AFTER): "1.27"}.get(
                (currency, row.day)
            )
            amount = row.EffectiveCostNano * Decimal(rate or 1)
            key = "GBP" if currency == "GBP" and rate is None else "USD"
            sums[key, None] += int(amount.to_integral_value(ROUND_HALF_UP))
    return sums


def read(warehouse: Warehouse, *by: str, per_day: bool = False) -> Mapping[tuple[Any, ...], int]:
    """Converted nano-units of EffectiveCost by labels, currency and day."""
    with warehouse.read() as db:
        rows = cost(db, LAST, date(2026, 11, 2), by, per_day=per_day, conversion=RATES)
    return {(*row.labels.values(), row.day): row.EffectiveCostNano for row in rows}


def test_what_has_no_rate_stays_in_its_own_currency(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    rows: list[Row] = [
        (day, "risk", "EC2", currency, 100, 100, "settled")
        for day in (LAST, AFTER)
        for currency in ("EUR", "GBP", "USD")
    ]
    fill(warehouse, rows)
    assert read(warehouse) == {
        ("USD", None): (
            108_320_000_000 + 100_000_000_000 + 200_000_000_000 + 127_000_000_000 + 100_000_000_000
        ),
        ("GBP", None): 100_000_000_000,
    }
    with warehouse.read() as db:
        (row,) = cost(db, AFTER, date(2026, 11, 2), ("team",), {"currency": ["GBP"]}, conversion=RATES)
    assert (row.labels, row.amount(), row.line_count) == ({"team": "risk", "currency": "USD"}, 127, 1)


def test_no_budget_is_held_against_a_converted_amount(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    fill(warehouse, [(LAST, "risk", "EC2", "USD", 1, 1, "settled")])
    budget(warehouse, "risk", 5)
    window = Window.of_days(FIRST, AFTER)
    with warehouse.read() as db:
        now = datetime(2026, 11, 3, tzinfo=UTC)
        assert WarehouseSnapshot(db, now).series("budget", ("name",), window)
        assert WarehouseSnapshot(db, now, conversion=RATES).series("budget", ("name",), window) == {}


def test_a_converted_answer_says_so(mixed: Costwatch, tmp_path: Path) -> None:
    answer = mixed("cost", "show", "--by", "team", "--converted")
    assert answer.err == ""
    assert answer.out == (
        "EffectiveCost, 2026-10-01 to 2026-10-31 (UTC days)\n"
        "USD, converted at fixed monthly rates\n"
        "31 days settled\n"
        "\n"
        "x_Team    BillingCurrency  EffectiveCost\n"
        "risk      USD, converted       $1,771.96\n"
        "payments  USD, converted          $31.00\n"
        "Total     USD, converted       $1,802.96\n"
    )
    (row,) = mixed("cost", "show", "--converted", "--json").json
    assert (row["BillingCurrency"], row["EffectiveCostNano"]) == ("USD", 1_802_960_000_000)
    assert row["x_Converted"] is True
    assert "x_Converted" not in mixed("cost", "show", "--json").json[0]


def test_what_could_not_be_converted_is_told(mixed: Costwatch, tmp_path: Path) -> None:
    configure(tmp_path, CONFIG + BUDGETS.replace("2026-10:", "2026-09:"), ALERTS)
    answer = mixed("cost", "show", "--converted", "--json")
    assert [(row["BillingCurrency"], row["EffectiveCost"], row["x_Converted"]) for row in answer.json] == [
        ("EUR", 1550.0, False),
        ("USD", 124.0, True),
    ]
    assert answer.err == (
        "costwatch: cost show: not converted, for want of a rate: EUR in 2026-10; "
        "add it to 'currency' in costwatch.yaml\n"
    )
    configure(tmp_path, CONFIG, ALERTS)
    refused = mixed("cost", "show", "--converted")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.endswith("needs 'currency', which is not there; add it with 'reporting' and 'rates'\n")


# --- the configuration --------------------------------------------------------------------------


def test_rates_are_exact(tmp_path: Path) -> None:
    file = tmp_path / "costwatch.yaml"
    file.write_text('currency: {reporting: USD, rates: {2026-10: {EUR: 1.10, GBP: "1.2700000001"}}}\n')
    conversion = load_config(file).currency
    assert conversion is not None
    assert conversion.rate("EUR", LAST) == Decimal("1.1")
    assert conversion.rate("GBP", LAST) == Decimal("1.2700000001")


def test_editors_know_the_keys() -> None:
    known = schema()
    text = str(known["$defs"]["Conversion"])
    assert "^[0-9]{4}-(0[1-9]|1[0-2])$" in text
    assert "^[A-Z]{3}$" in text

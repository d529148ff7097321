"""The costs: filtered, grouped, of each currency, and as CSV."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.answers.costs import CostQuery, as_csv, by_day
from costwatch.cost.conversion import Unit
from costwatch.csv_text import csv_text
from costwatch.warehouse.store import Warehouse
from dashboards.reading import ask
from tests.made import pages_company
from tests.made.company import NOW
from tests.made.opened_pages import Open, spent
from tests.made.trail_company import trail_company
from tests.made.warehouse_rows import fill


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({}, {}),
        ({"team": "ml-platform"}, {"team": "ml-platform"}),
        ({"service": "Amazon SageMaker", "by": "team"}, {"service": "Amazon SageMaker"}),
        ({"team": "risk", "service": "Amazon SageMaker"}, {"team": "risk", "service": "Amazon SageMaker"}),
        ({"provider": "AWS", "account": "222222222222"}, {}),
    ],
)
def test_costs_are_those_of_the_filters(
    open_page: Open, full: Path, query: dict[str, str], where: dict[str, str]
) -> None:
    shown = open_page(full, "costs", **query)
    first = pages_company.SETTLED - timedelta(days=29)
    assert shown.number("total") == spent(first, pages_company.SETTLED, **where)
    after = pages_company.SETTLED + timedelta(days=1)
    assert shown.number("estimated") == spent(after, pages_company.LAST, **where)


@pytest.mark.parametrize(("span", "days"), [("7d", 7), ("30d", 30), ("90d", 90)])
def test_a_range_ends_at_the_last_settled_day(open_page: Open, full: Path, span: str, days: int) -> None:
    shown = open_page(full, "costs", range=span, metric="billed")
    first = pages_company.SETTLED - timedelta(days=days - 1)
    assert shown.number("total") == spent(first, pages_company.SETTLED, "BilledCost")


def test_a_row_of_the_table_narrows_the_page_to_it(open_page: Open, full: Path) -> None:
    html = open_page(full, "costs", by="team", metric="billed", service="Amazon SageMaker").html
    link = "costs?by=service&amp;metric=billed&amp;service=Amazon+SageMaker&amp;team=risk"
    assert f'<a href="{link}">risk</a>' in html


def test_currencies_are_chosen_between_never_summed(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.configured(tmp_path)
    rows = [*pages_company.rows(), *pages_company.rows("EUR")[: 13 * 75]]
    fill(Warehouse(tmp_path / "costwatch.db"), rows, pages_company.NOW)
    dollars = open_page(file, "costs", range="90d")
    euros = open_page(file, "costs", range="90d", currency="EUR")
    assert dollars.number("total") == spent(pages_company.FIRST, pages_company.SETTLED)
    assert euros.number("total") == spent(pages_company.FIRST, pages_company.FIRST + timedelta(days=74))
    assert "€" in euros.text
    assert "$" not in euros.text
    assert open_page(file, "overview", currency="EUR").number("month_to_date") < dollars.number("total")
    assert "EUR" in open_page(file, "data").text


def test_the_csv_holds_every_digit_and_sums_to_the_total(open_page: Open, full: Path) -> None:
    total = open_page(full, "costs", team="ml-platform").number("total")
    first = pages_company.SETTLED - timedelta(days=29)
    where = (("team", "ml-platform"),)
    query = CostQuery(
        where, "service", "EffectiveCost", Unit("USD"), first, pages_company.SETTLED, pages_company.LAST
    )
    held = list(csv.DictReader(io.StringIO(as_csv(ask(by_day, query), query))))
    assert list(held[0]) == [
        "day",
        "ServiceName",
        "BillingCurrency",
        "BilledCost",
        "EffectiveCost",
        "x_LineCount",
        "x_State",
    ]
    assert sum(Decimal(row["EffectiveCost"]) for row in held if row["x_State"] != "estimated") == total
    assert {row["x_State"] for row in held} == {"closed", "settled", "estimated"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_of_a_bill_is_no_formula_in_the_csv(text: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_text(["a", "b"], [[text, Decimal("-1.50")]]), newline="")))
    assert rows == [["a", "b"], ["'" + text, "-1.5"]]


def test_by_namespace_the_chart_is_of_what_has_one(open_page: Open, tmp_path: Path) -> None:
    shown = open_page(trail_company(tmp_path), "costs", NOW, by="namespace", range="90d", currency="USD")
    assert "by namespace; no namespace is in the table only" in shown.text
    (chart,) = shown.test.get("vega_lite_chart")
    assert "scoring" in chart.proto.spec
    assert "no namespace" not in chart.proto.spec
    assert "no namespace $" in shown.text

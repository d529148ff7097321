"""Pages on which several currencies are read in one, always marked as such."""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.answers.costs import CostQuery, as_csv
from costwatch.cost.conversion import Unit
from costwatch.warehouse.store import Warehouse
from dashboards.reading import ask
from dashboards.views import costs
from tests.made import pages_company
from tests.made.opened_pages import Open, Page, spent
from tests.made.warehouse_rows import alert, fill

RATES = "currency: {reporting: USD, rates: {2026-09: {EUR: 2}, 2026-10: {EUR: 2}, 2026-11: {EUR: 1.5}}}\n"
CONVERTED = "USD, converted"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company twice, in dollars and in euros; alerts in both, a budget in dollars."""
    file = pages_company.full(tmp_path_factory.mktemp("mixed"))
    file.write_text(pages_company.CONFIG + RATES)
    warehouse = Warehouse(file.parent / "costwatch.db")
    fill(warehouse, [*pages_company.rows(), *pages_company.rows("EUR")], pages_company.NOW)
    alert(
        warehouse,
        "Euros",
        "risk: €1,430.00 on 19 Nov 2026, above €1,000.00",
        pages_company.NOW - timedelta(hours=1),
        labels={"team": "risk"},
        value="1430",
        threshold="1000",
        unit="EUR",
    )
    return file


@contextmanager
def rates(file: Path, text: str) -> Iterator[None]:
    """These rates for a while."""
    file.write_text(pages_company.CONFIG + text)
    yield
    file.write_text(pages_company.CONFIG + RATES)


def at_rates(first: date, last: date) -> Decimal:
    """Dollars, and as many euros as dollars, by the configured rates."""
    november = date(2026, 11, 1)
    older = spent(first, november - timedelta(days=1)) if first < november else Decimal()
    return older * 3 + spent(max(first, november), last) * Decimal("2.5")


def test_a_converted_whole_can_be_chosen_and_is_marked_as_such(open_page: Open, mixed: Path) -> None:
    first = pages_company.SETTLED - timedelta(days=29)
    costs = open_page(mixed, "costs", currency=CONVERTED)
    assert abs(costs.number("total") - at_rates(first, pages_company.SETTLED)) < Decimal("0.000001")
    assert "USD, converted at the fixed monthly rates of costwatch.yaml" in costs.text
    assert "Total, 30 days, converted" in costs.text
    assert "EffectiveCost, USD, converted, by service" in costs.text
    assert "left out" not in costs.text
    overview = open_page(mixed, "overview", currency=CONVERTED)
    month = at_rates(date(2026, 11, 1), pages_company.SETTLED)
    assert abs(overview.number("month_to_date") - month) < Decimal("0.000001")
    assert "Spend, month to date, converted" in overview.text
    assert "no budget is converted" in overview.text
    assert "under budget" not in overview.text
    for shown in (costs, overview):
        assert set(re.findall(r'title="\S+ (USD[^"]*)" data-exact', shown.html)) == {CONVERTED}
        assert {chart["title"]["text"] for chart in charts(shown)} == {CONVERTED}
    for page in ("costs", "overview"):
        assert "converted" not in open_page(mixed, page).text


def charts(shown: Page) -> list[dict[str, Any]]:
    """The specifications of the page's charts."""
    return [json.loads(chart.proto.spec) for chart in shown.test.get("vega_lite_chart")]


def test_the_overview_links_to_costs_in_the_same_currency(open_page: Open, mixed: Path) -> None:
    assert 'href="costs?team=risk&amp;currency=USD%2C+converted"' in (
        open_page(mixed, "overview", currency=CONVERTED).html
    )
    assert 'href="costs?team=risk"' in open_page(mixed, "overview").html


def test_what_has_no_rate_is_left_out_and_named(open_page: Open, mixed: Path) -> None:
    with rates(mixed, RATES.replace("2026-11", "2025-11")):
        for page in ("costs", "overview"):
            text = open_page(mixed, page, currency=CONVERTED).text
            assert "left out, for want of a rate: EUR in 2026-11" in text
        shown = open_page(mixed, "overview", currency=CONVERTED)
        assert shown.number("month_to_date") == spent(date(2026, 11, 1), pages_company.SETTLED)


def test_without_rates_there_is_nothing_converted_to_choose(open_page: Open, mixed: Path) -> None:
    with rates(mixed, ""):
        shown = open_page(mixed, "costs", currency=CONVERTED)
        assert f"Currency: there is no {CONVERTED} . Choose EUR, USD." in shown.text
        assert "data-exact" not in shown.html
        assert "converted" not in open_page(mixed, "costs").text


def test_an_alert_in_another_currency_needs_attention_too(open_page: Open, mixed: Path) -> None:
    for currency in ("USD", "EUR", CONVERTED):
        text = open_page(mixed, "overview", currency=currency).text
        assert text.count("€1,430.00 on 19 Nov 2026") == 1
        assert text.count("Virtual Private Cloud cost $352.00") == 1


def test_the_csv_of_a_converted_page_marks_each_line(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTWATCH_CONFIG", str(mixed))
    monkeypatch.setenv("COSTWATCH_NOW", pages_company.NOW.isoformat())
    days = date(2026, 9, 1), pages_company.SETTLED, pages_company.LAST
    query = CostQuery((("team", "risk"),), "service", "EffectiveCost", Unit("USD", converted=True), *days)
    with rates(mixed, RATES.replace("2026-10", "2025-10")):
        held = list(csv.DictReader(io.StringIO(as_csv(ask(costs.by_day_of_page, query), query))))
    assert {(row["BillingCurrency"], row["x_Converted"]) for row in held} == {
        ("USD", "true"),
        ("EUR", "false"),
    }
    assert {row["day"][:7] for row in held if row["BillingCurrency"] == "EUR"} == {"2026-10"}

"""What each page shows of a warehouse: full, empty, stale, narrowed to one team."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from costwatch import cli
from costwatch.answers.costs import CostQuery, as_csv, by_day
from costwatch.cost.conversion import Unit
from costwatch.csv_text import csv_text
from costwatch.errors import CostwatchError
from costwatch.model import METRICS, Batch, Window
from costwatch.money import nanos, units
from costwatch.warehouse.intake import runs
from costwatch.warehouse.store import Warehouse
from dashboards import app, blocks
from dashboards.reading import ask, warehouse_stamp
from dashboards.views import costs
from tests.made import pages_company
from tests.made.bills import on_day, write_csv
from tests.made.command_line import configure
from tests.made.warehouse_rows import Row, alert, budget, fill

PAGES = tuple(page.path for page in app.PAGES)
FAILED = "This page cannot be shown"
Open = Callable[..., "Page"]


class Page:
    """One run of one page."""

    def __init__(self, test: AppTest) -> None:
        self.test = test
        bodies = [block.value for block in test.get("html")]
        self.html = "\n".join(body for body in bodies if not body.startswith("<style>"))
        self.text = unescape(" ".join(re.sub(r"<[^>]*>", " ", self.html).split()))

    def number(self, name: str) -> Decimal:
        """The exact number of that name."""
        found = re.search(rf'data-exact="([^"]*)" data-name="{name}"', self.html)
        assert found, f"{name} is not on the page"
        return Decimal(found[1])


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Open:
    def opened(
        file: Path, page: str, now: datetime = pages_company.NOW, *, fails: bool = False, **query: str
    ) -> Page:
        monkeypatch.setenv("COSTWATCH_CONFIG", str(file))
        monkeypatch.setenv("COSTWATCH_NOW", now.isoformat())
        test = AppTest.from_string(
            "from dashboards import frame\nfrom dashboards.app import PAGES\n"
            f"frame.show(next(each.draw for each in PAGES if each.path == {page!r}))"
        )
        for name, value in query.items():
            test.query_params[name] = value
        test.run(timeout=30)
        assert not test.exception, test.exception
        shown = Page(test)
        assert (FAILED in shown.text) is fails, shown.text
        return shown

    return opened


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages_company.full(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def stale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages_company.stale(tmp_path_factory.mktemp("stale"))


def spent(first: date, last: date, metric: str = "EffectiveCost", **where: str) -> Decimal:
    """What the rows of the made-up company sum to."""
    wanted = {"team": 1, "service": 2}
    at = 5 if metric == "EffectiveCost" else 4
    rows = [row for row in pages_company.rows() if first <= row[0] <= last]
    kept = [row for row in rows if all(row[wanted[name]] == value for name, value in where.items())]
    return units(sum(nanos(Decimal(str(row[at]))) for row in kept))


def test_the_app_opens_on_the_overview(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTWATCH_CONFIG", str(full))
    monkeypatch.setenv("COSTWATCH_NOW", pages_company.NOW.isoformat())
    test = AppTest.from_file(str(Path(__file__).parents[2] / "dashboards" / "app.py")).run(timeout=30)
    assert not test.exception
    assert "<h1>Overview</h1>" in Page(test).html


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_how_far_the_data_reach(open_page: Open, full: Path, page: str) -> None:
    text = open_page(full, page).text
    assert "Cost data settled through Thu 19 Nov" in text
    assert "closed through Sat 31 Oct" in text
    assert "estimated to Sat 21 Nov" in text
    assert "UTC · USD" in text
    assert "source late" not in text


@pytest.mark.parametrize("page", PAGES)
def test_without_a_warehouse_a_page_says_what_to_run(open_page: Open, tmp_path: Path, page: str) -> None:
    text = open_page(pages_company.configured(tmp_path), page).text
    assert "costwatch demo" in text
    assert "costwatch collect" in text


@pytest.mark.parametrize("page", PAGES)
def test_without_a_published_period_a_page_says_what_to_run(
    open_page: Open, tmp_path: Path, page: str
) -> None:
    file = pages_company.configured(tmp_path)
    Warehouse(tmp_path / "costwatch.db").migrate()
    text = open_page(file, page).text
    assert "costwatch demo" in text
    assert ("never collected" in text) is (page == "data")


@pytest.mark.parametrize("page", PAGES)
def test_a_late_source_is_named_and_numbers_end_at_the_last_settled_day(
    open_page: Open, stale: Path, page: str
) -> None:
    shown = open_page(stale, page)
    assert "1 source late: aws" in shown.text
    if page == "overview":
        assert shown.number("month_to_date") == spent(date(2026, 11, 1), pages_company.SETTLED)
        assert "the bucket refuses this role" in shown.text
    if page == "costs":
        first = pages_company.SETTLED - timedelta(days=29)
        assert shown.number("total") == spent(first, pages_company.SETTLED)
    if page == "data":
        assert "Then run costwatch collect aws" in shown.text


def test_a_source_is_late_by_the_freshness_rules(open_page: Open, full: Path) -> None:
    text = open_page(full, "data", now=pages_company.NOW + timedelta(hours=40)).text
    assert "nothing new for 41 hours, over 30 hours" in text


def test_a_source_that_called_its_answer_incomplete_is_explained(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    hour = Window(pages_company.NOW - timedelta(hours=1), pages_company.NOW)
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        runs.record_batch(db, "aws", Batch("usage", hour, "1", lambda: iter(()), partial=True))
        runs.record_run(db, "aws", pages_company.NOW, "loaded", row_count=7, partial_count=1)
    text = open_page(file, "data").text
    assert "aws called an answer, from 22 Nov 2026 05:00 UTC on, incomplete: what is missing there" in text
    assert "● loaded · 1 incomplete" in text
    assert "source late" not in text


def test_the_overview_of_everyone(open_page: Open, full: Path) -> None:
    shown = open_page(full, "overview")
    month = date(2026, 11, 1)
    assert shown.number("month_to_date") == spent(month, pages_company.SETTLED)
    assert shown.number("unallocated") == spent(month, pages_company.SETTLED, team="unallocated")
    assert shown.number("firing") == 2
    assert "1 page · 1 ticket" in shown.text
    assert "ml-platform : $98,000.00 of $150,000.00 spent" in shown.text
    assert "feature-store : Amazon Virtual Private Cloud cost $352.00" in shown.text
    assert re.search(r"\$\S+ under budget \$390k", shown.text)


def test_the_overview_of_one_team(open_page: Open, full: Path) -> None:
    shown = open_page(full, "overview", team="feature-store")
    assert shown.number("month_to_date") == spent(
        date(2026, 11, 1), pages_company.SETTLED, team="feature-store"
    )
    assert shown.number("firing") == 1
    assert "Share of all spend" in shown.text
    assert "ml-platform" not in shown.text


def test_a_quarterly_budget_is_held_against_the_quarter(open_page: Open, full: Path) -> None:
    shown = open_page(full, "overview", team="payments")
    assert "under quarter's $100k" in shown.text
    assert "its budget is for the quarter" in shown.text
    assert "$100k a quarter" in shown.text


def test_a_budget_of_everyone_that_will_not_last_needs_attention(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    budget(Warehouse(tmp_path / "costwatch.db"), "*", 250000, period="quarter")
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        db.execute("DELETE FROM budget WHERE name = '* month'")
    shown = open_page(file, "overview")
    assert re.search(
        r"All teams : the quarter is forecast at \$\S+, \$\S+ over the budget of \$250k", shown.text
    )
    assert "over quarter's $250k" in shown.text
    assert "All teams :" not in open_page(file, "overview", team="risk").text


def test_where_nothing_needs_attention_the_overview_says_so(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.configured(tmp_path)
    rows: list[Row] = [
        (pages_company.FIRST + timedelta(days=number), "risk", "AWS Lambda", "USD", 10, 10, "settled")
        for number in range(82)
    ]
    fill(Warehouse(tmp_path / "costwatch.db"), rows, pages_company.NOW)
    assert "Nothing: no alert fires" in open_page(file, "overview").text


def test_before_any_day_is_settled_the_overview_points_to_costs(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.configured(tmp_path)
    rows = [(*row[:6], "estimated") for row in pages_company.rows()[-60:]]
    fill(Warehouse(tmp_path / "costwatch.db"), rows, pages_company.NOW)
    assert "No day is settled yet" in open_page(file, "overview").text
    shown = open_page(file, "costs")
    assert "Nothing settled yet · estimated to Sat 21 Nov" in shown.text
    assert shown.number("total") == units(sum(nanos(Decimal(str(row[5]))) for row in rows))


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


def test_a_value_nobody_has_is_dropped_from_the_url(open_page: Open, full: Path) -> None:
    shown = open_page(full, "costs", team="nobody", range="8d")
    assert shown.number("total") == open_page(full, "costs").number("total")
    assert not shown.test.query_params


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
        assert shown.number("total") == open_page(mixed, "costs").number("total")
        assert "converted" not in shown.text


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
        "x_State",
    ]
    assert sum(Decimal(row["EffectiveCost"]) for row in held if row["x_State"] != "estimated") == total
    assert {row["x_State"] for row in held} == {"closed", "settled", "estimated"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_of_a_bill_is_no_formula_in_the_csv(text: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_text(["a", "b"], [[text, Decimal("-1.50")]]), newline="")))
    assert rows == [["a", "b"], ["'" + text, "-1.5"]]


def test_names_of_a_bill_are_text_on_every_page(open_page: Open, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>$1$ [x](http://evil) \"'&"
    file = pages_company.configured(tmp_path)
    warehouse = Warehouse(tmp_path / "costwatch.db")
    rows: list[Row] = [(*row[:1], hostile, hostile, *row[3:]) for row in pages_company.rows()[::13]]
    fill(warehouse, rows, pages_company.NOW, {hostile: hostile})
    alert(warehouse, "R", hostile, pages_company.NOW, labels={"team": hostile, "service": hostile})
    for page in PAGES:
        shown = open_page(file, page, **({"by": "team"} if page == "costs" else {}))
        assert "<img" not in shown.html
        if page != "data":
            assert blocks.Markup.escape(hostile) in shown.html


def test_systems_are_listed_with_their_owners(open_page: Open, full: Path) -> None:
    text = open_page(full, "system").text
    assert "training ml-platform 3" in text
    assert "feature-serving feature-store 1" in text
    assert "no system –" in text


@pytest.mark.parametrize("system", sorted({*pages_company.SYSTEMS.values()}))
def test_a_system_costs_what_its_services_do(open_page: Open, full: Path, system: str) -> None:
    shown = open_page(full, "system", system=system)
    services = [service for service, its in pages_company.SYSTEMS.items() if its == system]
    month = (date(2026, 11, 1), pages_company.SETTLED)
    assert shown.number("month_to_date") == sum(spent(*month, service=service) for service in services)
    assert all(service in shown.text for service in services)


def test_a_system_without_cost_is_listed_and_says_where_to_look(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    text = file.read_text()
    file.write_text(text.replace("systems:\n", "systems:\n  - {name: quiet, match: {tags: {a: b}}}\n"))
    assert "quiet – – – – –" in open_page(file, "system").text
    shown = open_page(file, "system", system="quiet")
    assert "No cost of quiet this month or in the last 14 days. Look further back" in shown.text


def test_a_system_nobody_has_is_named_with_the_way_back(open_page: Open, full: Path) -> None:
    shown = open_page(full, "system", system="trainng")
    assert "No system is called trainng." in shown.text
    assert "See all systems" in shown.text


def test_the_data_page_proves_that_teams_carry_the_bill(open_page: Open, full: Path) -> None:
    shown = open_page(full, "data")
    assert "teams and residuals carry exactly the bill" in shown.text
    assert shown.number("2026-10-USD") == spent(date(2026, 10, 1), date(2026, 10, 31), "BilledCost")
    assert shown.text.count("0, exactly") == 5
    assert "Thu 5 Nov" in shown.text  # restated
    assert "closed 39" in shown.text
    assert "settled 19" in shown.text
    assert "estimated 2" in shown.text


def test_the_data_page_says_where_teams_do_not_carry_the_bill(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        db.execute(
            "UPDATE team_cost SET BilledCostNano = BilledCostNano - 1 WHERE day = 20261105 AND team = 1"
        )
    text = open_page(file, "data").text
    assert "teams and residuals differ from the bill" in text


def test_new_data_is_seen_at_once_and_reading_changes_nothing(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pages_company.full(tmp_path)
    before = open_page(file, "costs", range="7d").number("total")
    stamp = warehouse_stamp()
    assert open_page(file, "costs", range="7d").number("total") == before
    assert warehouse_stamp() == stamp
    rows = [(*row[:4], row[4] + 1, row[5] + 1, row[6]) for row in pages_company.rows()]
    fill(Warehouse(tmp_path / "costwatch.db"), rows, pages_company.NOW)
    assert warehouse_stamp() != stamp
    assert open_page(file, "costs", range="7d").number("total") == before + 7 * 13


def test_a_mistake_in_the_configuration_is_a_sentence(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    file.write_text(file.read_text() + "colour: red\n")
    text = open_page(file, "overview", fails=True).text
    assert "costwatch.yaml:" in text
    assert "colour" in text


def test_a_mistake_in_the_rules_does_not_hide_the_pages(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    (tmp_path / "alerts.yaml").write_text("rules: 3\n")
    assert "Month to date" in open_page(file, "overview").text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_raises_is_seen_to_fail(
    open_page: Open, full: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    def refuse(*_: object) -> None:
        raise CostwatchError("the answer: cannot be given; try another")

    monkeypatch.setattr("dashboards.frame.ask", refuse)
    assert "the answer: cannot be given" in open_page(full, page, fails=True).text


# --- the proof ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company whose bill another source tells, too: it has netted a credit, and knows of more."""
    folder = tmp_path_factory.mktemp("proven")
    configure(
        folder,
        "sources:\n  - {name: aws, kind: exports, location: bill}\n"
        "  - {name: ce, kind: exports, role: check, location: ce}\n",
    )

    def charge(day: int, amount: str, **columns: str) -> dict[str, str]:
        issued = {"InvoiceId": "<img src=x>", "BilledCost": amount, "EffectiveCost": amount}
        return on_day(day, **issued, **columns)

    bill = [
        charge(1, "10.0000000004"),
        charge(1, "-1", ChargeCategory="Credit"),
        charge(2, "3", ServiceName="<b>new</b>"),
        charge(3, "3"),
    ]
    said = [charge(1, "9"), charge(2, "8", ServiceName="<i>x</i>"), charge(3, "3")]
    write_csv(folder / "bill" / "bill.csv", bill)
    write_csv(folder / "ce" / "bill.csv", said)
    for step in ("collect", "allocate"):
        assert cli.run(["-c", str(folder / "costwatch.yaml"), step], pages_company.NOW) == 0
    return folder / "costwatch.yaml"


def test_the_data_page_proves_what_the_command_proves(
    open_page: Open, proven: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = open_page(proven, "data", now=pages_company.NOW)
    assert cli.run(["-c", str(proven), "cost", "verify", "--json"], pages_company.NOW) == 3
    told = json.loads(capsys.readouterr().out)
    (period,), opinions = told["periods"], told["opinions"]
    exact = {Decimal(text) for text in re.findall(r'data-exact="([^"]*)"', shown.html)}
    parts = [part["bill"] for part in period["parts"]]
    sums = [of[f"{metric}Nano"] for of in (period["published"], *parts) for metric in METRICS]
    sums += [day["said_nano"] for each in opinions for day in each["differences"]]
    sums += [sum(each["reasons"].values()) for each in opinions]
    assert {units(nano) for nano in sums} <= exact
    assert "0.0000000004 / 0.0000000004" in shown.text
    assert "<img src=x> AWS 900000000001 Credit -$1.00" in shown.text
    assert "unexplained -$5.00" in shown.text
    assert re.search(r"2 Oct <i>x</i> \$0\.00 \$8\.00 -\$8\.00 unexplained", shown.text)
    assert "<img" not in shown.html
    assert "<b>new" not in shown.html


def test_the_data_page_names_what_does_not_agree(open_page: Open, proven: Path, tmp_path: Path) -> None:
    shutil.copytree(proven.parent, tmp_path, dirs_exist_ok=True)
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        db.execute("UPDATE team_invoice SET BilledCostNano = 0 WHERE ChargeCategory = 'Credit'")
    text = open_page(tmp_path / "costwatch.yaml", "data").text
    assert "teams and residuals differ from the bill" in text
    assert "2026-10: bill less team_invoice: BilledCost -1 USD in invoice <img src=x> of AWS" in text
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        db.execute("DELETE FROM bill")
        db.execute("DELETE FROM team_invoice")
    text = open_page(tmp_path / "costwatch.yaml", "data").text
    assert "costwatch allocate --from 2026-10-01 --to 2026-11-01" in text
    assert "teams and residuals carry exactly the bill" in text

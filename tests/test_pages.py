"""What each page shows of a warehouse: full, empty, stale, narrowed to one team."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from costwatch.money import nanos, units
from costwatch.warehouse.store import Warehouse
from dashboards import blocks
from dashboards.breakdown import Query, as_csv, by_day
from dashboards.download import csv_text
from dashboards.reading import ask, warehouse_stamp
from tests import made_company
from tests.warehouse_rows import Row, alert, budget, fill

PAGES = ("overview", "costs", "data")
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
    def opened(file: Path, page: str, now: datetime = made_company.NOW, **query: str) -> Page:
        monkeypatch.setenv("COSTWATCH_CONFIG", str(file))
        monkeypatch.setenv("COSTWATCH_NOW", now.isoformat())
        test = AppTest.from_string(
            f"from dashboards import frame\nfrom dashboards.views import {page}\nframe.show({page}.page)"
        )
        for name, value in query.items():
            test.query_params[name] = value
        test.run(timeout=30)
        assert not test.exception, test.exception
        return Page(test)

    return opened


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_company.full(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def stale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_company.stale(tmp_path_factory.mktemp("stale"))


def spent(first: date, last: date, metric: str = "EffectiveCost", **where: str) -> Decimal:
    """What the rows of the made-up company sum to."""
    wanted = {"team": 1, "service": 2}
    at = 5 if metric == "EffectiveCost" else 4
    rows = [row for row in made_company.rows() if first <= row[0] <= last]
    kept = [row for row in rows if all(row[wanted[name]] == value for name, value in where.items())]
    return units(sum(nanos(Decimal(str(row[at]))) for row in kept))


def test_the_app_opens_on_the_overview(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTWATCH_CONFIG", str(full))
    monkeypatch.setenv("COSTWATCH_NOW", made_company.NOW.isoformat())
    test = AppTest.from_file("../dashboards/app.py").run(timeout=30)
    assert not test.exception
    assert "<h1>Overview</h1>" in Page(test).html


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_how_far_the_data_reach(open_page: Open, full: Path, page: str) -> None:
    text = open_page(full, page).text
    assert "Cost data settled through Thu 19 Nov" in text
    assert "estimated to Sat 21 Nov" in text
    assert "UTC · USD" in text
    assert "source late" not in text


@pytest.mark.parametrize("page", PAGES)
def test_without_a_warehouse_a_page_says_what_to_run(open_page: Open, tmp_path: Path, page: str) -> None:
    text = open_page(made_company.configured(tmp_path), page).text
    assert "costwatch demo" in text
    assert "costwatch collect" in text


@pytest.mark.parametrize("page", PAGES)
def test_without_a_published_period_a_page_says_what_to_run(
    open_page: Open, tmp_path: Path, page: str
) -> None:
    file = made_company.configured(tmp_path)
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
        assert shown.number("month_to_date") == spent(date(2026, 11, 1), made_company.SETTLED)
        assert "the bucket refuses this role" in shown.text
    if page == "costs":
        first = made_company.SETTLED - timedelta(days=29)
        assert shown.number("total") == spent(first, made_company.SETTLED)
    if page == "data":
        assert "Then run costwatch collect aws" in shown.text


def test_a_source_is_late_by_the_freshness_rules(open_page: Open, full: Path) -> None:
    text = open_page(full, "data", now=made_company.NOW + timedelta(hours=40)).text
    assert "nothing new for 41 hours, over 30 hours" in text


def test_the_overview_of_everyone(open_page: Open, full: Path) -> None:
    shown = open_page(full, "overview")
    month = date(2026, 11, 1)
    assert shown.number("month_to_date") == spent(month, made_company.SETTLED)
    assert shown.number("unallocated") == spent(month, made_company.SETTLED, team="unallocated")
    assert shown.number("firing") == 2
    assert "1 page · 1 ticket" in shown.text
    assert "ml-platform : $98,000.00 of $150,000.00 spent" in shown.text
    assert "feature-store : Amazon Virtual Private Cloud cost $352.00" in shown.text
    assert re.search(r"\$\S+ under budget \$390k", shown.text)


def test_the_overview_of_one_team(open_page: Open, full: Path) -> None:
    shown = open_page(full, "overview", team="feature-store")
    assert shown.number("month_to_date") == spent(
        date(2026, 11, 1), made_company.SETTLED, team="feature-store"
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
    file = made_company.full(tmp_path)
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
    file = made_company.configured(tmp_path)
    rows: list[Row] = [
        (made_company.FIRST + timedelta(days=number), "risk", "AWS Lambda", "USD", 10, 10, "settled")
        for number in range(82)
    ]
    fill(Warehouse(tmp_path / "costwatch.db"), rows, made_company.NOW)
    assert "Nothing: no alert fires" in open_page(file, "overview").text


def test_before_any_day_is_settled_the_overview_points_to_costs(open_page: Open, tmp_path: Path) -> None:
    file = made_company.configured(tmp_path)
    rows = [(*row[:6], "estimated") for row in made_company.rows()[-60:]]
    fill(Warehouse(tmp_path / "costwatch.db"), rows, made_company.NOW)
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
    first = made_company.SETTLED - timedelta(days=29)
    assert shown.number("total") == spent(first, made_company.SETTLED, **where)
    after = made_company.SETTLED + timedelta(days=1)
    assert shown.number("estimated") == spent(after, made_company.LAST, **where)


@pytest.mark.parametrize(("span", "days"), [("7d", 7), ("30d", 30), ("90d", 90)])
def test_a_range_ends_at_the_last_settled_day(open_page: Open, full: Path, span: str, days: int) -> None:
    shown = open_page(full, "costs", range=span, metric="billed")
    first = made_company.SETTLED - timedelta(days=days - 1)
    assert shown.number("total") == spent(first, made_company.SETTLED, "BilledCost")


def test_a_value_nobody_has_is_dropped_from_the_url(open_page: Open, full: Path) -> None:
    shown = open_page(full, "costs", team="nobody", range="8d")
    assert shown.number("total") == open_page(full, "costs").number("total")
    assert not shown.test.query_params


def test_a_row_of_the_table_narrows_the_page_to_it(open_page: Open, full: Path) -> None:
    html = open_page(full, "costs", by="team", metric="billed", service="Amazon SageMaker").html
    link = "costs?by=service&amp;metric=billed&amp;service=Amazon+SageMaker&amp;team=risk"
    assert f'<a href="{link}">risk</a>' in html


def test_currencies_are_chosen_between_never_summed(open_page: Open, tmp_path: Path) -> None:
    file = made_company.configured(tmp_path)
    rows = [*made_company.rows(), *made_company.rows("EUR")[: 13 * 75]]
    fill(Warehouse(tmp_path / "costwatch.db"), rows, made_company.NOW)
    dollars = open_page(file, "costs", range="90d")
    euros = open_page(file, "costs", range="90d", currency="EUR")
    assert dollars.number("total") == spent(made_company.FIRST, made_company.SETTLED)
    assert euros.number("total") == spent(made_company.FIRST, made_company.FIRST + timedelta(days=74))
    assert "€" in euros.text
    assert "$" not in euros.text
    assert open_page(file, "overview", currency="EUR").number("month_to_date") < dollars.number("total")
    assert "EUR" in open_page(file, "data").text


def test_the_csv_holds_every_digit_and_sums_to_the_total(open_page: Open, full: Path) -> None:
    total = open_page(full, "costs", team="ml-platform").number("total")
    first = made_company.SETTLED - timedelta(days=29)
    where = (("team", "ml-platform"),)
    query = Query(where, "service", "EffectiveCost", "USD", first, made_company.SETTLED, made_company.LAST)
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
    file = made_company.configured(tmp_path)
    warehouse = Warehouse(tmp_path / "costwatch.db")
    rows: list[Row] = [(*row[:1], hostile, hostile, *row[3:]) for row in made_company.rows()[::13]]
    fill(warehouse, rows, made_company.NOW)
    alert(warehouse, "R", hostile, made_company.NOW, labels={"team": hostile, "service": hostile})
    for page in PAGES:
        shown = open_page(file, page, **({"by": "team"} if page == "costs" else {}))
        assert "<img" not in shown.html
        if page != "data":
            assert blocks.Markup.escape(hostile) in shown.html


def test_the_data_page_proves_that_teams_carry_the_bill(open_page: Open, full: Path) -> None:
    shown = open_page(full, "data")
    assert "teams and residuals carry exactly the bill" in shown.text
    assert shown.number("2026-10-USD") == spent(date(2026, 10, 1), date(2026, 10, 31), "BilledCost")
    assert shown.text.count("0, exactly") == 3
    assert "Thu 5 Nov" in shown.text  # restated
    assert "closed 39" in shown.text
    assert "settled 19" in shown.text
    assert "estimated 2" in shown.text


def test_the_data_page_says_where_teams_do_not_carry_the_bill(open_page: Open, tmp_path: Path) -> None:
    file = made_company.full(tmp_path)
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        db.execute(
            "UPDATE team_cost SET BilledCostNano = BilledCostNano - 1 WHERE day = 20261105 AND team = 1"
        )
    text = open_page(file, "data").text
    assert "teams and residuals differ from the bill" in text


def test_new_data_is_seen_at_once_and_reading_changes_nothing(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = made_company.full(tmp_path)
    before = open_page(file, "costs", range="7d").number("total")
    stamp = warehouse_stamp()
    assert open_page(file, "costs", range="7d").number("total") == before
    assert warehouse_stamp() == stamp
    rows = [(*row[:4], row[4] + 1, row[5] + 1, row[6]) for row in made_company.rows()]
    fill(Warehouse(tmp_path / "costwatch.db"), rows, made_company.NOW)
    assert warehouse_stamp() != stamp
    assert open_page(file, "costs", range="7d").number("total") == before + 7 * 13


def test_a_mistake_in_the_configuration_is_a_sentence(open_page: Open, tmp_path: Path) -> None:
    file = made_company.full(tmp_path)
    file.write_text(file.read_text() + "colour: red\n")
    text = open_page(file, "overview").text
    assert "This page cannot be shown" in text
    assert "costwatch.yaml:" in text
    assert "colour" in text


def test_a_mistake_in_the_rules_does_not_hide_the_pages(open_page: Open, tmp_path: Path) -> None:
    file = made_company.full(tmp_path)
    (tmp_path / "alerts.yaml").write_text("rules: 3\n")
    assert "Month to date" in open_page(file, "overview").text

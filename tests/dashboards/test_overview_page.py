"""The overview: what the month costs and will cost, and what needs attention."""

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from costwatch.money import nanos, units
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.store import Warehouse
from tests.made import pages_company
from tests.made.bills import on_day, tags
from tests.made.company import Company
from tests.made.opened_pages import Open, spent
from tests.made.warehouse_rows import Row, budget, fill


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


def test_where_the_last_days_hold_no_cost_the_overview_is_drawn(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.configured(tmp_path)
    rows: list[Row] = [
        (pages_company.FIRST + timedelta(days=number), "risk", "AWS Lambda", "USD", 10, 10, "settled")
        for number in range(40, 50)
    ]
    warehouse = Warehouse(tmp_path / "costwatch.db")
    fill(warehouse, rows, pages_company.NOW)
    with warehouse.write() as db:
        db.execute("UPDATE source SET data_through = ?", (to_int(pages_company.SETTLED),))
    assert "risk" in open_page(file, "overview").text


def test_credits_stand_beside_what_they_hide(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.configured(tmp_path)
    made = Company(tmp_path, {"teams": [{"name": "risk"}]})
    made.bill(
        [
            on_day(day, EffectiveCost=amount, ChargeCategory=category, Tags=of)
            for day in range(1, 32)
            for amount, category, of in (("10", "Usage", tags(team="risk")), ("-10", "Credit", ""))
        ]
    )
    made.run()
    shown = open_page(file, "overview")
    told = {name: shown.number(name) for name in ("month_to_date", "before_credits", "credits", "forecast")}
    assert told == {"month_to_date": 0, "before_credits": 310, "credits": -310, "forecast": 0}
    assert shown.number("forecast_before_credits") == 310
    assert "Credits and refunds turn $310.00 of this month into $0.00" in shown.text
    assert "Nothing:" not in shown.text
    alone = open_page(file, "overview", team="risk")
    assert alone.number("month_to_date") == 310
    assert "before credits" not in alone.text

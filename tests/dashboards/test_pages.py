"""What holds of every page: full, empty, stale, hostile, and with a mistake in a file."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from costwatch.errors import CostwatchError
from costwatch.model import Batch, Window
from costwatch.warehouse.intake import runs
from costwatch.warehouse.store import Warehouse
from dashboards import app, blocks
from dashboards.reading import warehouse_stamp
from tests.made import pages_company
from tests.made.opened_pages import Open, Page, spent
from tests.made.warehouse_rows import Row, alert, fill

PAGES = tuple(page.path for page in app.PAGES)


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
    assert "nothing new for 41 h, over 30 h" in text


def test_a_source_that_called_its_answer_incomplete_is_explained(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    hour = Window(pages_company.NOW - timedelta(hours=1), pages_company.NOW)
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        runs.record_batch(db, "aws", Batch("usage", hour, "1", lambda: iter(()), partial=True))
        runs.record_run(db, "aws", pages_company.NOW, "loaded", row_count=7, partial_count=1)
    text = open_page(file, "data").text
    assert "aws called an answer, from 2026-11-22 05:00 UTC on, incomplete: what is missing there" in text
    assert "● loaded · 1 incomplete" in text
    assert "source late" not in text


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
        if page not in ("data", "reliability", "slo"):  # these have no name of a bill
            assert blocks.Markup.escape(hostile) in shown.html


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

"""Links that ask for what nobody knows: told in a sentence, never answered with numbers of something else."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from costwatch.warehouse.store import Warehouse
from dashboards import filters
from tests.made import pages_company
from tests.made.opened_pages import Open, Page
from tests.made.warehouse_rows import fill

UNKNOWN = {
    ("costs", "team", "ml-platfrom"): "No cost is known of team ml-platfrom (renamed? nearest: ml-platform )",
    ("costs", "team", "zzz"): "No cost is known of team zzz (renamed?)",
    ("costs", "system", "trainng"): "No cost is known of system trainng (renamed? nearest: training )",
    ("costs", "provider", "AWSS"): "No cost is known of provider AWSS (renamed? nearest: AWS )",
    (
        "costs",
        "account",
        "22222222222",
    ): "No cost is known of account 22222222222 (renamed? nearest: 222222222222 )",
    (
        "costs",
        "service",
        "SageMaker",
    ): "No cost is known of service SageMaker (renamed? nearest: Amazon SageMaker )",
    ("costs", "by", "teams"): "Group by: there is no teams . Choose service, team, system, ",
    ("costs", "range", "8d"): "Range: there is no 8d . Choose 7d, 30d, 90d, 180d, 365d.",
    ("costs", "metric", "net"): "Metric: there is no net . Choose amortised, billed.",
    ("costs", "currency", "EUR"): "Currency: there is no EUR . Choose USD.",
    (
        "overview",
        "team",
        "ml-platfrom",
    ): "No cost is known of team ml-platfrom (renamed? nearest: ml-platform )",
    ("overview", "currency", "EUR"): "Currency: there is no EUR . Choose USD.",
    ("system", "system", "trainng"): "No cost is known of system trainng (renamed? nearest: training )",
    ("system", "currency", "EUR"): "Currency: there is no EUR . Choose USD.",
    ("data", "currency", "EUR"): "Currency: there is no EUR . Choose USD.",
}


@pytest.mark.parametrize("asked", UNKNOWN, ids=lambda asked: " ".join(asked))
def test_a_value_nobody_has_is_told_and_no_amount_is_shown(
    open_page: Open, full: Path, asked: tuple[str, str, str]
) -> None:
    page, key, value = asked
    shown = open_page(full, page, **{key: value})
    assert UNKNOWN[asked] in shown.text
    assert "data-exact" not in shown.html
    assert "$" not in shown.text
    assert shown.test.query_params[key] in (value, [value])


def test_it_stays_told_until_another_is_chosen(open_page: Open, full: Path) -> None:
    shown = open_page(full, "costs", team="nobody", range="7d")
    again = Page(shown.test.run(timeout=30))
    assert "No cost is known of team nobody" in again.text
    box = next(one for one in shown.test.selectbox if one.key == "team")
    assert box.value == "nobody"
    chosen = Page(box.set_value("risk").run(timeout=30))
    assert chosen.number("total") == open_page(full, "costs", team="risk", range="7d").number("total")


def test_the_nearest_is_one_click_away_with_all_that_was_asked_besides(open_page: Open, full: Path) -> None:
    html = open_page(full, "costs", team="ml-platfrom", by="team", range="7d").html
    assert '<a href="?team=ml-platform&amp;by=team&amp;range=7d">ml-platform</a>' in html


@pytest.mark.parametrize(
    ("page", "key"),
    [("costs", "team"), ("costs", "by"), ("costs", "range"), ("overview", "team"), ("system", "system")],
)
def test_what_a_link_asks_for_is_text(open_page: Open, full: Path, page: str, key: str) -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e$1$ [x](http://evil) \"'&" + "A" * 500
    shown = open_page(full, page, **{key: hostile})
    assert "<img" not in shown.html
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202e$1$" in shown.html
    assert "A" * 100 not in shown.html


def test_before_any_day_is_settled_a_team_is_not_called_unknown(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.configured(tmp_path)
    rows = [(*row[:6], "estimated") for row in pages_company.rows()[-26:]]
    fill(Warehouse(tmp_path / "costwatch.db"), rows, pages_company.NOW)
    assert "No day is settled yet" in open_page(file, "overview", team="risk").text


def test_a_converted_whole_of_another_page_is_passed_by(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    rates = "currency: {reporting: EUR, rates: {2026-11: {USD: 2}}}\n"
    file.write_text(file.read_text() + rates)
    shown = open_page(file, "data", currency="EUR, converted")
    assert shown.number("unallocated") > 0


def test_without_teams_a_page_says_what_to_write(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    file.write_text("sources:\n  - {name: aws, kind: exports, location: exports}\n")
    for page in ("overview", "costs", "data"):
        text = open_page(file, page).text
        assert "No team is named yet" in text
        assert "then run costwatch check and costwatch allocate" in text


@pytest.mark.parametrize("chosen", ["risk", None], ids=["another", "none"])
def test_a_filter_just_changed_counts_before_the_browser_has_written_it_into_the_address(
    chosen: str | None,
) -> None:
    def page() -> None:
        import streamlit as st

        from dashboards import filters, frame

        frame.pick("Team", "team", ["payments", "risk"], "All teams")
        filters.keep()
        st.text(filters.title("Costs"))

    test = AppTest.from_function(page)
    test.query_params["team"] = "payments"
    assert test.run().text[0].value == "payments · Costs · costwatch"
    test.selectbox[0].set_value(chosen).run()
    assert test.text[0].value == (f"{chosen} · " if chosen else "") + "Costs · costwatch"
    assert test.session_state["travelling"] == ({"team": chosen} if chosen else {})


@pytest.mark.parametrize(
    ("page", "query", "title"),
    [
        ("", {}, "Overview · costwatch"),
        ("", {"team": "ml-platform"}, "ml-platform · Overview · costwatch"),
        ("costs", {}, "Costs · costwatch"),
        ("costs", {"team": "risk"}, "risk · Costs · costwatch"),
    ],
)
def test_each_page_and_team_has_a_title(
    monkeypatch: pytest.MonkeyPatch, page: str, query: dict[str, str], title: str
) -> None:
    monkeypatch.setattr("streamlit.query_params", query)
    assert filters.title(page.capitalize() or "Overview") == title

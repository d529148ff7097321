"""Reliability and the page of one objective: what is left, what burned it, and what nobody knows."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from costwatch.answers.slos import slo_answer
from costwatch.model import Marker
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.markers import add_marker
from costwatch.warehouse.store import Warehouse
from tests.made import pages_company
from tests.made.opened_pages import Open
from tests.made.slo_buckets import History, objective, steady

HOSTILE = "<img src=x onerror=alert(1)>$1$ [x](http://evil) \"'&"


def test_objectives_are_listed_worst_first(open_page: Open, full: Path) -> None:
    shown = open_page(full, "reliability")
    with Warehouse(full.parent / "costwatch.db").read() as db:
        states = slo_answer(WarehouseSnapshot(db, pages_company.NOW))
    table = shown.html[shown.html.index("<h2>Objectives") :]
    assert re.findall(r"slo\?id=([a-z-]+)", table) == [one.objective.id for one in states]
    assert states[0].name == "serving-errors"
    table = shown.text[shown.text.index("Objectives — ") :]
    assert [
        words
        for words in (
            "serving-errors ▲",
            "serving · freshness feature_view=views ● healthy",
            "canary ○ no events no events",
            "training · batch ○ unknown",
        )
        if words not in table
    ] == []
    assert float(shown.number("least_left")) == min(one.left for one in states if one.left is not None)


def test_no_traffic_is_neither_100_percent_nor_0(open_page: Open, full: Path) -> None:
    shown = open_page(full, "slo", id="canary")
    assert "no events in the whole period" in shown.text
    assert "budget_left" not in shown.html
    assert "Budget left no events" in shown.text


def test_what_is_unknown_says_so(open_page: Open, full: Path) -> None:
    text = open_page(full, "slo", id="batch").text
    assert "○ unknown" in text
    assert "5 min – unknown unknown" in text


def test_the_least_that_is_left_is_of_what_goes_on(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.configured(tmp_path)
    made = History(tmp_path, pages_company.NOW).put(objective())
    made.buckets("checkout", steady(30, 100, 0.02), host="a")
    ended = pages_company.NOW - timedelta(days=3)
    made.buckets("checkout", steady(10, 100, 0.5), end=ended, host="b")
    shown = open_page(file, "reliability")
    table = shown.text[shown.text.index("Objectives — ") :]
    gone = table[table.index("○ gone") :]
    assert "unknown" in gone
    assert "the period" not in gone
    assert float(shown.number("least_left")) == pytest.approx(0.8)
    assert "spent" not in shown.text[: shown.text.index("burn-down")].replace("First to be spent", "")


def test_an_incident_stands_beside_the_deploy_before_it(open_page: Open, full: Path) -> None:
    text = open_page(full, "slo", id="serving-errors").text
    assert "serving-errors" in text
    incidents = text[text.index("Worst incidents") : text.index("What was changed")]
    assert "2 h" in incidents
    assert "deploy: serving 7 <b>new</b>" in incidents
    assert "other" not in text, "what another service switched is not told"
    assert "unknown: 3 h" in text, "three hours were not seen"
    assert "sum(rate(http_requests_total[{{.window}}]))" in text


@pytest.mark.parametrize(
    ("filters", "there", "gone"),
    [
        ({"team": "ml-platform"}, "canary", "serving-errors"),
        ({"system": "feature-serving"}, "serving-errors", "canary"),
        ({"service": "training"}, "batch", "canary"),
    ],
    ids=["team", "system", "service"],
)
def test_filters_leave_what_they_ask_for(
    open_page: Open, full: Path, filters: dict[str, str], there: str, gone: str
) -> None:
    text = open_page(full, "reliability", **filters).text
    assert there in text
    assert gone not in text


@pytest.mark.parametrize(
    ("page", "query", "sentence"),
    [
        ("reliability", {"team": "ml-platfrom"}, "No objective is known of team ml-platfrom"),
        ("reliability", {"system": "x"}, "No objective is known of system x"),
        ("reliability", {"slo": "serving-erors"}, "No objective is known of slo serving-erors"),
        ("slo", {"id": "nosuch"}, "No objective is known of id nosuch"),
        ("slo", {"id": "freshness", "instance": "{}"}, "No objective is known of instance {}"),
        ("slo", {"id": HOSTILE}, "No objective is known of id <img src=x"),
    ],
    ids=["team", "system", "objective", "id", "instance", "hostile"],
)
def test_what_nobody_knows_says_so_and_shows_no_number(
    open_page: Open, full: Path, page: str, query: dict[str, str], sentence: str
) -> None:
    shown = open_page(full, page, **query)
    assert sentence in shown.text
    assert "data-exact" not in shown.html
    assert "<img" not in shown.html


def test_a_link_of_a_message_shows_its_objective(open_page: Open, full: Path) -> None:
    linked = open_page(full, "reliability", slo="serving-errors", team="feature-store")
    assert "<h1>serving-errors</h1>" in linked.html
    assert linked.number("budget_left") == open_page(full, "slo", id="serving-errors").number("budget_left")


def test_each_instance_has_a_page(open_page: Open, full: Path) -> None:
    shown = open_page(full, "slo", id="freshness", instance='{"feature_view":"clicks"}')
    assert float(shown.number("budget_left")) == pytest.approx(0.9)
    assert "Instances — each has a budget of its own" in shown.text
    worst = open_page(full, "slo", id="freshness")
    assert float(worst.number("budget_left")) == pytest.approx(0.6)


def test_without_an_objective_it_says_what_to_write(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        db.execute("DELETE FROM slo")
    text = open_page(file, "reliability").text
    assert "No objective yet" in text
    assert "under slos: in costwatch.yaml" in text
    assert "No objective is named here" not in text
    (tmp_path / "slos").mkdir()
    file.write_text(file.read_text() + "slos: [slos]\n")
    assert "none was collected" in open_page(file, "reliability").text


def test_objectives_are_shown_without_any_bill(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.configured(tmp_path)
    History(tmp_path, pages_company.NOW).put(objective()).buckets("checkout", steady(30, 100, 0.02))
    text = open_page(file, "reliability").text
    assert "80 %" in text
    assert "No data yet" not in text


def test_names_of_others_are_text(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.configured(tmp_path)
    made = History(tmp_path, pages_company.NOW)
    one = objective(HOSTILE, service=HOSTILE, team=HOSTILE, system=HOSTILE, description=HOSTILE)
    made.put(replace(one, name=HOSTILE, file=HOSTILE, notes=(HOSTILE,)))
    made.buckets(HOSTILE, [*steady(1), (0.0, 100.0)], **{"zone": HOSTILE})
    at = pages_company.NOW - timedelta(minutes=20)
    with made.warehouse.write() as db:
        add_marker(db, Marker(at, HOSTILE, HOSTILE, HOSTILE, HOSTILE, "https://ci.example/1", HOSTILE))
    for page, query in (("reliability", {}), ("slo", {"id": HOSTILE})):
        shown = open_page(file, page, **query)
        assert "<img" not in shown.html
        assert HOSTILE in shown.text

"""Where a team's cost came from, on Costs."""

import csv
import io
from datetime import date
from decimal import Decimal
from html import escape
from pathlib import Path

import pytest

from costwatch.answers.costs import CostQuery
from costwatch.cost.conversion import Unit
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from dashboards.panels import trail
from tests.made.company import NOW
from tests.made.opened_pages import Open, Page
from tests.made.trail_company import HOSTILE, trail_company

TITLE = "Where it came from"
USD = Unit("USD")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trail_company(tmp_path_factory.mktemp("company"))


def opened(open_page: Open, company: Path, **query: str) -> Page:
    return open_page(company, "costs", NOW, **{"range": "90d", "currency": "USD", **query})


def test_it_stands_where_a_team_is_chosen(open_page: Open, company: Path) -> None:
    assert TITLE not in opened(open_page, company).text
    assert TITLE not in opened(open_page, company, service="Amazon S3").text
    shown = opened(open_page, company, team="risk")
    assert f"{TITLE} — EffectiveCost by the pools it came through" in shown.text
    assert "max(request, usage) of pods, vCPU : GiB = 9 : 1" in shown.text
    assert "2. base what platform carries, even, among 2 teams $8.00" in shown.text
    assert "k8s: idle $292.02 (60 %), unmeasured $30.00" in shown.text
    (onward,) = (block.value for block in shown.test.code)
    assert "# k8s\ncostwatch usage rightsize --cluster prod --namespace scoring\n" in onward
    assert "3 more, in the CSV" in shown.text


@pytest.mark.parametrize(
    "query",
    [
        {"team": "risk"},
        {"team": "risk", "metric": "billed"},
        {"team": "shop", "service": "Amazon EC2"},
        {"team": "unmeasured"},
        {"team": "unallocated", "metric": "billed"},
    ],
    ids=lambda query: " ".join(query.values()),
)
def test_its_amounts_add_up_to_the_total(open_page: Open, company: Path, query: dict[str, str]) -> None:
    shown = opened(open_page, company, **query)
    assert sum(shown.numbers("trail")) == shown.number("total") > 0


def test_names_are_text_and_no_markup(open_page: Open, company: Path) -> None:
    shown = opened(open_page, company, team="risk")
    assert escape("<b>ns</b>") in shown.html
    assert "<b>ns" not in shown.html
    assert "\x1b" not in shown.html


def test_the_csv_has_every_workload_and_digit(company: Path) -> None:
    query = CostQuery(
        (("team", "risk"),),
        "service",
        "EffectiveCost",
        USD,
        date(2026, 10, 1),
        date(2026, 10, 31),
        date(2026, 10, 31),
    )
    with Warehouse(company.parent / "costwatch.db").read() as db:
        found = trail.asked(WarehouseSnapshot(db, NOW), query)
    rows = [*csv.DictReader(io.StringIO(trail.as_csv(found)))]
    assert sum(Decimal(row["EffectiveCost"]) for row in rows) == found.totals["USD"]
    assert {row["x_Namespace"] for row in rows} >= {"scoring", HOSTILE}
    assert len([row for row in rows if row["x_Pool"] == "k8s"]) == 13

"""The resources behind a team's cost of a service, on Costs."""

import csv
import io
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.answers.costs import CostQuery
from costwatch.cost.conversion import Unit
from dashboards.panels import resources
from tests.made.bills import Line, on_day, tags
from tests.made.company import Company
from tests.made.opened_pages import Open, Page

NOW = datetime(2026, 11, 3, tzinfo=UTC)
HOSTILE = "<b>i-1</b>\x1b[31m & =1+1"
CHOSEN = {"team": "risk", "service": "EC2 & <more>", "range": "90d"}
CONFIG = """\
sources: [{name: aws, kind: exports, location: bill}]
teams: [{name: risk}, {name: payments}]
pools: [{name: tax, split: even, match: {ChargeCategory: Tax}}]
"""


def lines() -> Iterator[Line]:
    """Thirty resources of one team, each dearer than the one before, and a tax that no line of it shows."""
    for number in range(1, 31):
        cost = {"BilledCost": f"{number}.5", "EffectiveCost": f"{number}.000000001"}
        of = {**cost, "ResourceId": HOSTILE if number == 30 else f"i-{number:02d}"}
        yield on_day(number % 3 + 1, ServiceName=CHOSEN["service"], Tags=tags(team="risk"), **of)
    yield on_day(1, ServiceName=CHOSEN["service"], ChargeCategory="Tax", ResourceId="", Tags=tags())
    yield on_day(1, ServiceName="Help", Tags=tags(team="risk"))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    (folder / "costwatch.yaml").write_text(CONFIG)
    pools = [{"name": "tax", "split": "even", "match": {"ChargeCategory": "Tax"}}]
    made = Company(folder, {"teams": [{"name": "risk"}, {"name": "payments"}], "pools": pools})
    made.bill([*lines()])
    made.run(NOW)
    return folder / "costwatch.yaml"


def opened(open_page: Open, company: Path, **query: str) -> Page:
    return open_page(company, "costs", NOW, **query)


def test_the_largest_are_shown_and_the_others_are_summed(open_page: Open, company: Path) -> None:
    shown = opened(open_page, company, **CHOSEN)
    assert "Resources — largest EffectiveCost first" in shown.text
    assert shown.text.index("i-29") < shown.text.index("i-28")
    assert "i-05" not in shown.text
    assert "more in the CSV" in shown.text
    billed = opened(open_page, company, **CHOSEN, metric="billed")
    assert "largest BilledCost first" in billed.text


def test_names_are_text_and_no_markup(open_page: Open, company: Path) -> None:
    shown = opened(open_page, company, **CHOSEN)
    assert "&lt;b&gt;i-1&lt;/b&gt;" in shown.html
    assert "<b>i-1" not in shown.html


@pytest.mark.parametrize("metric", ["BilledCost", "EffectiveCost"])
def test_the_csv_sums_to_the_page_s_total(metric: str, open_page: Open, company: Path) -> None:
    wanted = "billed" if metric == "BilledCost" else "amortised"
    total = opened(open_page, company, **CHOSEN, metric=wanted).number("total")
    where = (("team", CHOSEN["team"]), ("service", CHOSEN["service"]))
    first, end = datetime(2026, 8, 1, tzinfo=UTC).date(), datetime(2026, 11, 2, tzinfo=UTC).date()
    query = CostQuery(where, "service", metric, Unit("USD"), first, end, end)
    rows = [*csv.DictReader(io.StringIO(resources.as_csv(resources.rows_of(query))))]
    assert sum(Decimal(row[metric]) for row in rows) == total
    assert [row["x_Pool"] for row in rows if row["x_Pool"]] == ["tax"]


@pytest.mark.parametrize("query", [{}, {"team": "risk"}, {"service": CHOSEN["service"]}])
def test_it_takes_a_team_and_a_service(query: dict[str, str], open_page: Open, company: Path) -> None:
    assert "from the lines of the bill" not in opened(open_page, company, **query, range="90d").text


def test_other_filters_are_to_be_cleared(open_page: Open, company: Path) -> None:
    shown = opened(open_page, company, **CHOSEN, system="no system")
    assert "as a whole: clear system" in shown.text
    assert "i-29" not in shown.text


def test_where_cost_is_converted_resources_are_not_and_say_so(
    open_page: Open, company: Path, tmp_path: Path
) -> None:
    shutil.copytree(company.parent, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "costwatch.yaml"
    rates = "currency: {reporting: EUR, rates: {2026-10: {USD: 0.9}}}\n"
    file.write_text(CONFIG + rates)
    shown = opened(open_page, file, **CHOSEN, currency="EUR, converted")
    assert "not converted" in shown.text
    assert "$29.00" in shown.text


def test_without_the_ledger_the_page_says_so_and_goes_on(
    open_page: Open, company: Path, tmp_path: Path
) -> None:
    shutil.copytree(company.parent, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "ledger")
    shown = opened(open_page, tmp_path / "costwatch.yaml", **CHOSEN)
    assert "They cannot be read here" in shown.text
    assert shown.number("total") > 0


def test_a_ledger_that_takes_no_file_is_told_of(open_page: Open, company: Path, tmp_path: Path) -> None:
    shutil.copytree(company.parent, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "ledger" / "derived", ignore_errors=True)
    (tmp_path / "ledger" / "derived").write_text("no folder")
    shown = opened(open_page, tmp_path / "costwatch.yaml", **CHOSEN)
    assert "i-29" in shown.text
    assert "each question about resources reads all lines" in shown.text

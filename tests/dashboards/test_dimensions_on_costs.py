"""Products on Costs: as groups, as a filter, and beside what each step of a trail weighed."""

from pathlib import Path

import pytest

from tests.made.command_line import NOW
from tests.made.driver_company import driver_company
from tests.made.opened_pages import Open


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return driver_company(tmp_path_factory.mktemp("company"))


def test_it_is_a_group_whose_names_narrow_the_page(open_page: Open, company: Path) -> None:
    shown = open_page(company, "costs", NOW, by="product", range="90d", currency="USD")
    assert "By product" in shown.text
    assert shown.number("total") == 60
    assert 'product=gift-cards">gift-cards</a>' in shown.html
    assert 'product=no+product">no product</a>' in shown.html


@pytest.mark.parametrize(("product", "total"), [("cards", "22.5"), ("gift-cards", "6"), ("no product", "27")])
def test_it_is_a_filter(open_page: Open, company: Path, product: str, total: str) -> None:
    shown = open_page(company, "costs", NOW, product=product, range="90d", currency="USD")
    assert f"{shown.number('total').normalize():f}" == total


def test_what_nobody_has_is_told(open_page: Open, company: Path) -> None:
    shown = open_page(company, "costs", NOW, product="crds", range="90d", currency="USD")
    assert "No cost is known of product crds (renamed? nearest: cards )" in shown.text


def test_a_trail_tells_what_each_step_was_weighed_by(open_page: Open, company: Path) -> None:
    shown = open_page(company, "costs", NOW, team="risk", product="cards", range="90d", currency="USD")
    assert "what platform carries, requests by caller: 9,000 of 12,000 calls (75 %)" in shown.text
    assert "1. mysql mysql_time by schema: 1,502 of 4,504 s (33 %)" in shown.text
    assert sum(shown.numbers("trail")) == shown.number("total") > 0

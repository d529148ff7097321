"""The systems: with their owners, each by itself, and where to look for what is not there."""

from datetime import date
from pathlib import Path

import pytest

from tests.made import pages_company
from tests.made.opened_pages import Open, spent


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
    assert "No cost is known of system trainng (renamed? nearest: training )" in shown.text
    assert 'href="?system=training"' in shown.html
    assert "data-exact" not in shown.html
    assert "See all systems" in shown.text

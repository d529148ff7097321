"""Version 14 sums what was published before by day and place, as it would have been."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from costwatch.warehouse.store import Warehouse
from tests.cost.test_cost_tables import MONTHS, START, published
from tests.made.bills import every_day, on_day
from tests.made.company import Company
from tests.made.older_warehouse import take_back

PLACED = "SELECT p.*, d.* FROM {} d JOIN place p ON p.id = d.place"
SUMMARIES = {
    "places": "SELECT * FROM place",
    "sums": PLACED.format("place_day"),
    "what changed of them": PLACED.format("place_day_revision"),
    "what changed by team and service": "SELECT * FROM cost_day_revision",
}
NUMBERS = {"id", "place"}  # of places: those of the upgrade come in an order of their own


def told(warehouse: Warehouse) -> dict[str, list[list[object]]]:
    """The rows of each summary; what changed and was changed back is no change."""
    found = {}
    with warehouse.read() as db:
        for name, sql in SUMMARIES.items():
            rows = [{key: row[key] for key in row.keys() if key not in NUMBERS} for row in db.execute(sql)]  # noqa: SIM118
            amounts = [name for name in (rows[0] if rows else {}) if name.endswith(("Nano", "_count"))]
            kept = [[*row.values()] for row in rows if not amounts or any(row[each] for each in amounts)]
            found[name] = sorted(kept, key=repr)
    return found


def as_version_13_left_it(warehouse: Warehouse) -> None:
    with warehouse.write() as db:
        take_back(db, 13, made_anew=("slice",))


@pytest.fixture
def of_facts(tmp_path: Path) -> Warehouse:
    """Two months of facts that were restated."""
    found, rng = Warehouse(tmp_path / "costwatch.db"), random.Random(3)
    with found.write() as db:
        for number, month in ((0, 0), (1, 1), (2, 0), (2, 1)):
            published(db, rng, MONTHS[month], START + timedelta(days=number))
    return found


def test_sums_and_revisions_are_those_that_were_published(of_facts: Warehouse) -> None:
    before = told(of_facts)
    assert all(before.values())
    as_version_13_left_it(of_facts)
    of_facts.migrate()
    assert told(of_facts) == before


def test_what_is_published_after_the_upgrade_goes_on_from_there(tmp_path: Path) -> None:
    made = Company(tmp_path, {"teams": [{"name": "risk", "accounts": ["100000000001"]}]})
    made.bill(every_day()[:20])
    made.run()
    as_version_13_left_it(made.warehouse)
    made.warehouse.migrate()
    assert [period.changed for period in made.allocate()] == [False]
    made.bill([*every_day()[:19], on_day(20, BilledCost="7", EffectiveCost="7", RegionId="new")])
    made.run()
    fresh = Company(tmp_path / "fresh", made.allocation)
    fresh.root.mkdir(exist_ok=True)
    fresh.bill([*every_day()[:19], on_day(20, BilledCost="7", EffectiveCost="7", RegionId="new")])
    fresh.run()
    mine, others = told(made.warehouse), told(fresh.warehouse)
    assert mine["sums"] == others["sums"]


def test_an_empty_warehouse_is_brought_up(tmp_path: Path) -> None:
    found = Warehouse(tmp_path / "costwatch.db")
    found.migrate()
    as_version_13_left_it(found)
    found.migrate()
    assert told(found) == {name: [] for name in SUMMARIES}

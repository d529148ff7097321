"""A later version keeps what lines say of their owner; of what was published before, that is unknown."""

from datetime import timedelta
from pathlib import Path

import pytest

from costwatch.model import Verdict, Window
from costwatch.rules.coverage import Coverage
from costwatch.warehouse import migrations
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.bills import every_day
from tests.made.company import NOW, Company
from tests.made.older_warehouse import take_back

NUMBER = next(number for number, name in enumerate(migrations.VERSIONS) if name.endswith("_untagged"))
LATER = NOW + timedelta(days=1)
RULE = Coverage.model_validate({"name": "C", "of": ["untagged"], "max_share": 0.5})
EVER = Window.of_days(NOW.date() - timedelta(days=99), NOW.date())


@pytest.fixture
def upgraded(tmp_path: Path) -> Company:
    """A company whose October was published by the version before."""
    made = Company(tmp_path, {"teams": [{"name": "risk", "accounts": ["100000000001"]}]})
    made.bill(every_day())
    made.run()
    with made.warehouse.write() as db:
        take_back(db, NUMBER)
    made.warehouse.migrate()
    return made


def verdict(warehouse: Warehouse) -> tuple[Verdict, str]:
    with warehouse.read() as db:
        (finding,) = RULE.evaluate(WarehouseSnapshot(db, LATER), LATER)
    return finding.verdict, finding.summary


def test_what_was_published_stays_and_nothing_is_known_of_its_tags(upgraded: Company) -> None:
    assert [period.changed for period in upgraded.allocate()] == [False]
    assert sum(upgraded.effective().values()) > 0
    with upgraded.warehouse.read() as db:
        assert WarehouseSnapshot(db, LATER).series("tagging_cost", (), EVER) == {}
    unknown, said = verdict(upgraded.warehouse)
    assert unknown is Verdict.UNKNOWN
    assert "run `costwatch allocate --from 2026-10-" in said


def test_published_anew_it_is_known_and_no_cost_has_changed(upgraded: Company) -> None:
    before = upgraded.cost("team", "service")
    upgraded.allocate(LATER, Window.of_days(EVER.start.date(), NOW.date()))
    assert upgraded.cost("team", "service") == before
    assert verdict(upgraded.warehouse)[0] is Verdict.BREACH


def test_migrating_twice_changes_nothing(upgraded: Company) -> None:
    before = upgraded.warehouse.path.read_bytes()
    upgraded.warehouse.migrate()
    assert upgraded.warehouse.path.read_bytes() == before

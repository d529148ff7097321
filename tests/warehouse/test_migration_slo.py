"""A later version keeps SLOs; what was published before stays as it was."""

from pathlib import Path

import pytest

from costwatch.model import Window
from costwatch.warehouse import migrations
from costwatch.warehouse.slo import keeping
from costwatch.warehouse.slo.buckets import short_windows, sums
from costwatch.warehouse.slo.definitions import instance_id, instances, objectives, put_objectives
from tests.made.bills import every_day
from tests.made.company import NOW, Company
from tests.made.older_warehouse import take_back
from tests.made.slo_history import FIRST, HOUR, objective

NUMBER = next(number for number, name in enumerate(migrations.VERSIONS) if name.endswith("_slo"))


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


def test_what_was_published_stays_and_nothing_is_known_of_slos(upgraded: Company) -> None:
    assert [period.changed for period in upgraded.allocate()] == [False]
    assert sum(upgraded.effective().values()) > 0
    with upgraded.warehouse.read() as db:
        assert (objectives(db), instances(db)) == ([], [])
        assert (sums(db, Window(FIRST, FIRST + HOUR)), short_windows(db)) == ({}, {})


def test_slos_are_kept_from_now_on(upgraded: Company) -> None:
    with upgraded.warehouse.write() as db:
        put_objectives(db, "slos", [objective()], NOW)
        number = instance_id(db, "availability", ())
        start = int(FIRST.timestamp())
        keeping.put_buckets(db, number, [keeping.Kept(start, 300, 1, 2, 300)])
        assert objectives(db) == [objective()]
        assert sums(db, Window(FIRST, FIRST + HOUR))[number].total == 2


def test_migrating_twice_changes_nothing(upgraded: Company) -> None:
    before = upgraded.warehouse.path.read_bytes()
    upgraded.warehouse.migrate()
    assert upgraded.warehouse.path.read_bytes() == before

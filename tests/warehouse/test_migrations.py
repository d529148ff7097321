"""A warehouse written by the first version is read on by this one."""

from datetime import UTC, date, datetime

import pytest

from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.store import Warehouse
from tests.made.older_warehouse import ROWS, LeftBefore

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))


@pytest.fixture
def warehouse(left: LeftBefore) -> Warehouse:
    return left("0002_proof", ROWS)


def test_costs_and_their_revisions_stay(warehouse: Warehouse) -> None:
    warehouse.migrate()
    with warehouse.read() as db:
        (now,) = cost(db, *OCTOBER, ["team"])
        (then,) = cost(db, *OCTOBER, ["team"], as_of=datetime(2026, 10, 6, tzinfo=UTC))
        assert [tuple(row) for row in db.execute("SELECT line_count, estimated FROM day_line")] == [(2, 0)]
    assert (now.BilledCostNano, now.EffectiveCostNano) == (3_000_000_000, 2_000_000_000)
    assert (then.BilledCostNano, then.EffectiveCostNano) == (2_000_000_000, 1_500_000_000)


def test_migrating_twice_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.migrate()
    before = warehouse.path.read_bytes()
    warehouse.migrate()
    assert warehouse.path.read_bytes() == before

"""Version 18 keeps what is configured of unit costs; before it there were none, and none was known."""

from datetime import UTC, datetime

from costwatch.warehouse.bill.day_states import store_unit_costs
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.facts.unit_costs import unit_costs
from tests.made.older_warehouse import LeftBefore

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def test_what_was_there_before_has_no_unit_costs(left: LeftBefore) -> None:
    warehouse = left("0018_unit_costs", "")
    warehouse.migrate()
    with warehouse.write() as db:
        store_unit_costs(db, {"decision": '{"name":"decision","volume":"decisions"}'}, NOW)
    with warehouse.read() as db:
        assert [of.name for of in unit_costs(WarehouseSnapshot(db, NOW))] == ["decision"]
        before = WarehouseSnapshot(db, NOW, as_of=datetime(2026, 11, 1, tzinfo=UTC))
        assert unit_costs(before) == []

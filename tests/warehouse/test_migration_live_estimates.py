"""Version 16 keeps what nodes cost, and what usage will cost; of what was there before, that is unknown."""

from datetime import UTC, date, datetime

from costwatch.model import Window
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.usage import live_estimates, node_costs
from tests.made.older_warehouse import LeftBefore

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
ROWS = """
INSERT INTO team VALUES (1, 'risk');
INSERT INTO service VALUES (1, 'Amazon EC2');
INSERT INTO cost_day VALUES (20261001, 20261001, 1, 1, 'USD', 'usage', 3000000000, 2000000000, 2);
"""


def test_what_was_published_stays_and_nothing_is_estimated(left: LeftBefore) -> None:
    found = left("0017_live_estimates", ROWS)
    found.migrate()
    with found.read() as db:
        assert [row["EffectiveCostNano"] for row in db.execute("SELECT * FROM cost_day")] == [2_000_000_000]
        facts = WarehouseSnapshot(db, datetime(2026, 11, 3, tzinfo=UTC))
        assert facts.series("workload_cost", ("team",), Window.of_days(*OCTOBER)) == {}
        assert node_costs.between(db, *OCTOBER) == {}
        assert live_estimates.rates(db) == {}


def test_migrating_twice_changes_nothing(left: LeftBefore) -> None:
    found = left("0017_live_estimates", ROWS)
    found.migrate()
    before = found.path.read_bytes()
    found.migrate()
    assert found.path.read_bytes() == before

"""Version 0025 knows commitments, and since when each rule is evaluated."""

from datetime import UTC, datetime

from costwatch.plugins import recent
from costwatch.warehouse.alerts.alerts import save_evaluations
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.older_warehouse import LeftBefore

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ROWS = "INSERT INTO evaluation VALUES ('Old', '2026-11-20T00:00:00Z', '');"


def test_rules_count_from_the_last_evaluation_before_the_upgrade(left: LeftBefore) -> None:
    found = left("0025_commitment", ROWS)
    found.migrate()
    with found.write() as db:
        save_evaluations(db, {"Old": "", "New": "broken"}, datetime(2026, 11, 29, tzinfo=UTC))
    with found.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        quiet = facts.series("rule_quiet_days", ("rule",), recent(facts, NOW))
        assert {dict(key)["rule"]: int(series[0].value) for key, series in quiet.items()} == {
            "Old": 10,
            "New": 1,
        }
        assert db.execute("SELECT count(*) FROM commitment").fetchone()[0] == 0

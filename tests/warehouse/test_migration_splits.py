"""Version 7 knows what the weights of pools rest on besides lines and settings."""

from tests.made.older_warehouse import LeftBefore

REVISED = """
INSERT INTO team_cost_revision VALUES
  (20261001, 1, 1, 20261001, 1, '2026-10-09T00:00:00Z', 1000000000, 500000000, 'settled', 'delivery', 3);
INSERT INTO published VALUES
  (20261001, 20261101, 'k', '[1]', '{}', '2026-10-05T00:00:00Z', '2026-10-09T00:00:00Z', '{}', 'f');
"""


def test_revisions_take_another_cause(left: LeftBefore) -> None:
    warehouse = left("0007_splits", REVISED)
    warehouse.migrate()
    with warehouse.write() as db:
        before = [tuple(row) for row in db.execute("SELECT * FROM team_cost_revision")]
        db.execute(
            "INSERT INTO team_cost_revision (period, team, service, day, slice, known_at, BilledCostNano,"
            " EffectiveCostNano, state, cause, line_count) SELECT period, team, service, day, slice,"
            " '2026-10-10T00:00:00Z', 1, 1, state, 'usage', line_count FROM team_cost_revision"
        )
        (inputs,) = [row["inputs"] for row in db.execute("SELECT inputs FROM published")]
    revision = (20261001, 1, 1, 20261001, 1, "2026-10-09T00:00:00Z", 1_000_000_000, 500_000_000, "settled")
    assert before == [(*revision, "delivery", 3, None, None, None)]
    assert inputs == "[]"

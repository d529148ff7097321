"""A warehouse written by the version before is read on by this one."""

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from costwatch.warehouse import migrations
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.store import Warehouse

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
ROWS = """
INSERT INTO team VALUES (1, 'risk');
INSERT INTO service VALUES (1, 'Amazon EC2');
INSERT INTO slice VALUES (1, 'aws', 'AWS', '9', '1', '', '', 'Usage', '', '', 'USD', 'direct');
INSERT INTO load VALUES (1, 'aws', 20261001, 20261101, 'h', 'focus', '[]', '["9"]', 2, '{}');
INSERT INTO team_cost VALUES (20261001, 1, 1, 20261001, 1, 3000000000, 2000000000, 2);
INSERT INTO cost_day VALUES (20261001, 20261001, 1, 1, 'USD', 3000000000, 2000000000, 2);
INSERT INTO team_cost_revision VALUES
  (20261001, 1, 1, 20261001, 1, '2026-10-09T00:00:00Z', 1000000000, 500000000, 'settled', 'delivery');
INSERT INTO day_line VALUES (20261001, 'aws', 20261001, 2);
INSERT INTO published VALUES
  (20261001, 20261101, 'k', '[1]', '{}', '2026-10-05T00:00:00Z', '2026-10-09T00:00:00Z', '{}');
"""


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """As version 1 left it."""
    found = Warehouse(tmp_path / "costwatch.db")
    with monkeypatch.context() as older:
        older.setattr(migrations, "VERSIONS", migrations.VERSIONS[:1])
        older.setattr(migrations, "LATEST", 1)
        found.migrate()
    with sqlite3.connect(tmp_path / "costwatch.db") as db:
        db.executescript(ROWS)
    db.close()
    return found


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


def test_revisions_take_another_cause(warehouse: Warehouse) -> None:
    warehouse.migrate()
    with warehouse.write() as db:
        before = [tuple(row) for row in db.execute("SELECT * FROM team_cost_revision")]
        db.execute(
            "INSERT INTO team_cost_revision SELECT period, team, service, day, slice, '2026-10-10T00:00:00Z',"
            " 1, 1, state, 'usage', line_count FROM team_cost_revision"
        )
        (inputs,) = [row["inputs"] for row in db.execute("SELECT inputs FROM published")]
    revision = (20261001, 1, 1, 20261001, 1, "2026-10-09T00:00:00Z", 1_000_000_000, 500_000_000, "settled")
    assert before == [(*revision, "delivery", 0)]
    assert inputs == "[]"

"""A warehouse written by the version before is read on by this one."""

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.model import Window
from costwatch.warehouse import migrations
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
WINDOW = Window.of_days(*OCTOBER)
NOW = datetime(2026, 10, 12, tzinfo=UTC)
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


SETTLED = """
INSERT INTO day_state VALUES ('aws', 20261001, 'settled'), ('aws', 20261002, 'estimated');
INSERT INTO source VALUES ('aws', 'bill', 20261001), ('explorer', 'check', NULL);
INSERT INTO budget VALUES ('risk month', 'risk', 'EffectiveCost', 'month', 'USD', 5000000000);
INSERT INTO collection (source, started_at, outcome, line_count)
  VALUES ('aws', '2026-10-04T00:00:00Z', 'loaded', 2);
"""


def left_by(version: int, path: Path, monkeypatch: pytest.MonkeyPatch, rows: str) -> Warehouse:
    """A warehouse as that version of the schema left it, with rows in it."""
    found = Warehouse(path)
    with monkeypatch.context() as older:
        older.setattr(migrations, "VERSIONS", migrations.VERSIONS[:version])
        older.setattr(migrations, "LATEST", version)
        found.migrate()
    with sqlite3.connect(path) as db:
        db.executescript(rows)
    db.close()
    return found


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """As version 1 left it."""
    return left_by(1, tmp_path / "costwatch.db", monkeypatch, ROWS)


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


@pytest.mark.parametrize("version", [1, 2])
def test_what_was_known_at_the_last_publication_is_answered_as_of_then(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ROWS + SETTLED
    if version > 1:  # it has another column in each
        rows = rows.replace("20261001, 2);", "20261001, 2, 0);").replace("'delivery')", "'delivery', 0)")
        rows = rows.replace("2, '{}');", "2, '{}', '[]');").replace("00Z', '{}');", "00Z', '{}', '');")
    found = left_by(version, tmp_path / "costwatch.db", monkeypatch, rows)
    found.migrate()
    with found.read() as db:
        now = WarehouseSnapshot(db, NOW)
        then = WarehouseSnapshot(db, NOW, as_of=datetime(2026, 10, 9, tzinfo=UTC))
        before = WarehouseSnapshot(db, NOW, as_of=datetime(2026, 10, 8, tzinfo=UTC))
        assert now.states(*OCTOBER) == then.states(*OCTOBER)
        assert now.data_through == then.data_through == date(2026, 10, 1)
        for query, by in (("budget", ("name",)), ("BilledCost", ("team",))):
            assert now.series(query, by, WINDOW) == then.series(query, by, WINDOW) != {}
        assert ages(now) == [Decimal(24 * 8)]
        assert ages(then) == [Decimal(24 * 5)]
        assert (before.states(*OCTOBER), before.data_through) == ({}, None)  # that was not noted
        assert before.series("budget", ("name",), WINDOW) == {}
        assert ages(before) == [Decimal(24 * 4)]  # who was read when, was


def ages(facts: WarehouseSnapshot) -> list[Decimal]:
    return [series[0].value for series in facts.series("freshness", ("source",), WINDOW).values()]

"""A warehouse written by the version before is read on by this one."""

import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from costwatch.model import Group
from costwatch.testing import a_group
from costwatch.warehouse import migrations
from costwatch.warehouse.alerts.acts import acknowledged
from costwatch.warehouse.alerts.muted_alerts import muted_alerts
from costwatch.warehouse.alerts.outbox import Outbox
from costwatch.warehouse.alerts.silences import silences
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


NOTIFICATION = """
INSERT INTO notification
  (id, receiver, group_key, reason, content, digest, event, state, attempts, queued_at, next_attempt_at)
VALUES (?, 'default', 'k', 'first', ?, 'd', 1, 'queued', 1, '2026-11-20T06:00:00Z', '2026-11-20T06:15:00Z')
"""


def test_messages_that_wait_are_sent_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Acts, mutings and the fallback came with 0006."""
    found = Warehouse(tmp_path / "costwatch.db")
    before = migrations.VERSIONS[: migrations.VERSIONS.index("0006_acts")]
    with monkeypatch.context() as older:
        older.setattr(migrations, "VERSIONS", before)
        older.setattr(migrations, "LATEST", len(before))
        found.migrate()
    with sqlite3.connect(found.path) as db:
        # As a version without the fields of today would have written it.
        content = json.loads(TypeAdapter(Group).dump_json(a_group()))
        del content["note"]
        db.execute(NOTIFICATION, ("m-1", json.dumps(content)))
    db.close()
    found.migrate()
    with found.read() as db:
        (unsent,) = Outbox(db).unsent()
        assert Outbox(db).unfinished() == [("default", "k")]
        assert [*silences(db, datetime(2000, 1, 1, tzinfo=UTC)), *muted_alerts(db), *acknowledged(db)] == []
    assert (unsent.group.note, unsent.fallback_of, unsent.attempts) == ("", "", 1)

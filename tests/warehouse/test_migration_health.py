"""A later version knows how often steps run, and what is wrong with itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from costwatch.warehouse.alerts.alerts import kept_config
from costwatch.warehouse.alerts.failures import last_clock_change, receiver_failures, rule_failures
from costwatch.warehouse.steps import last_worked, longest_gaps, note_step
from costwatch.warehouse.store import Warehouse
from tests.made.older_warehouse import left_before

NOW = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    rows = "INSERT INTO step VALUES ('collect', '2026-11-19T23:00:00Z');"
    found = left_before("0026_health", tmp_path / "costwatch.db", monkeypatch, rows)
    found.migrate()
    return found


def test_when_steps_last_worked_stays_known_and_how_often_is_learnt(upgraded: Warehouse) -> None:
    with upgraded.read() as db:
        assert last_worked(db) == {"collect": NOW - HOUR}
        assert longest_gaps(db, NOW) == {}
    for number in range(30):
        with upgraded.write() as db:
            note_step(db, "collect", NOW + number * HOUR * (2 if number > 25 else 1))
    with upgraded.read() as db:
        assert longest_gaps(db, NOW + 90 * HOUR)["collect"] == 27 * HOUR
        assert longest_gaps(db, NOW + 25 * HOUR)["collect"] == HOUR


def test_nothing_is_wrong_yet_and_no_configuration_is_kept(upgraded: Warehouse) -> None:
    with upgraded.read() as db:
        assert (rule_failures(db), receiver_failures(db, NOW)) == ({}, {})
        assert (last_clock_change(db, NOW), kept_config(db)) == (None, None)


def test_migrating_twice_changes_nothing(upgraded: Warehouse) -> None:
    before = upgraded.path.read_bytes()
    upgraded.migrate()
    assert upgraded.path.read_bytes() == before

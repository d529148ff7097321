"""Version 3 keeps what days, sources and budgets were at any instant: what is known now is its beginning."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from costwatch.model import Window
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.older_warehouse import ROWS, LeftBefore

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
WINDOW = Window.of_days(*OCTOBER)
NOW = datetime(2026, 10, 12, tzinfo=UTC)
SETTLED = """
INSERT INTO day_state VALUES ('aws', 20261001, 'settled'), ('aws', 20261002, 'estimated');
INSERT INTO source VALUES ('aws', 'bill', 20261001), ('explorer', 'check', NULL);
INSERT INTO budget VALUES ('risk month', 'risk', 'EffectiveCost', 'month', 'USD', 5000000000);
INSERT INTO collection (source, started_at, outcome, line_count)
  VALUES ('aws', '2026-10-04T00:00:00Z', 'loaded', 2);
"""


@pytest.mark.parametrize("before", ["0002_proof", "0003_known_then"])
def test_what_was_known_at_the_last_publication_is_answered_as_of_then(before: str, left: LeftBefore) -> None:
    rows = ROWS + SETTLED
    if before != "0002_proof":  # it has another column in each
        rows = rows.replace("20261001, 2);", "20261001, 2, 0);").replace("'delivery')", "'delivery', 0)")
        rows = rows.replace("2, '{}');", "2, '{}', '[]');").replace("00Z', '{}');", "00Z', '{}', '');")
    found = left(before, rows)
    found.migrate()
    with found.read() as db:
        now = WarehouseSnapshot(db, NOW)
        then = WarehouseSnapshot(db, NOW, as_of=datetime(2026, 10, 9, tzinfo=UTC))
        earlier = WarehouseSnapshot(db, NOW, as_of=datetime(2026, 10, 8, tzinfo=UTC))
        assert now.states(*OCTOBER) == then.states(*OCTOBER)
        assert now.data_through == then.data_through == date(2026, 10, 1)
        for query, by in (("budget", ("name",)), ("BilledCost", ("team",))):
            assert now.series(query, by, WINDOW) == then.series(query, by, WINDOW) != {}
        assert ages(now) == [Decimal(24 * 8)]
        assert ages(then) == [Decimal(24 * 5)]
        assert (earlier.states(*OCTOBER), earlier.data_through) == ({}, None)  # that was not noted
        assert earlier.series("budget", ("name",), WINDOW) == {}
        assert ages(earlier) == [Decimal(24 * 4)]  # who was read when, was


def ages(facts: WarehouseSnapshot) -> list[Decimal]:
    return [series[0].value for series in facts.series("freshness", ("source",), WINDOW).values()]

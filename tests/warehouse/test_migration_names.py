"""Version 10 keeps how lines write names; what was published before has none of it."""

from datetime import date

from costwatch.warehouse.bill.publish import published
from costwatch.warehouse.bill.unclaimed import by_period
from tests.made.older_warehouse import LeftBefore

PUBLISHED = """
INSERT INTO published
  (period, period_end, inputs_key, loads, config, first_known_at, known_at, totals, fingerprint) VALUES
  (20261001, 20261101, 'k', '[1]', '{}', '2026-11-01T00:00:00Z', '2026-11-01T00:00:00Z', '{}', '');
"""


def test_a_period_that_was_published_before_stays_and_counts_as_a_teams(left: LeftBefore) -> None:
    warehouse = left("0010_names", PUBLISHED)
    warehouse.migrate()
    with warehouse.read() as db:
        known, nobodys = published(db), by_period(db)
    assert (known[date(2026, 10, 1)].spelling, known[date(2026, 10, 1)].has_teams) == (None, True)
    assert nobodys == {}

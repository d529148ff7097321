"""Version 11 tells how far each source holds the others back, and starts to keep what is doubted."""

from datetime import UTC, date, datetime

from costwatch.warehouse.bill.restatements import standing
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.older_warehouse import LeftBefore

NOW = datetime(2026, 11, 3, tzinfo=UTC)
READ = """
INSERT INTO source VALUES ('aws', 'bill', 20261030), ('gcp', 'bill', 20261020), ('ce', 'check', NULL);
INSERT INTO source_history VALUES
  ('aws', '2026-10-20T00:00:00Z', 'bill', 20261015), ('aws', '2026-11-01T00:00:00Z', 'bill', 20261030);
"""


def test_what_was_settled_stays_so_until_the_next_run(left: LeftBefore) -> None:
    warehouse = left("0011_settled_truth", READ)
    warehouse.migrate()
    then = datetime(2026, 10, 25, tzinfo=UTC)
    with warehouse.read() as db:
        assert WarehouseSnapshot(db, NOW).data_through == date(2026, 10, 20)
        assert WarehouseSnapshot(db, NOW, as_of=then).data_through == date(2026, 10, 15)
        assert standing(db) == []
        assert [row["name"] for row in db.execute("SELECT name FROM step")] == []

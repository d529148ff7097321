"""Version 9 keeps what is odd about a load, and has every bill read once more."""

from dataclasses import replace

from costwatch.model import Amounts, LoadFinding, LoadFindingKind
from costwatch.warehouse.bill.loads import newest_loads, record_load
from tests.made.older_warehouse import LeftBefore

READ = """
INSERT INTO load (source, period, period_end, hash, format, files, accounts, line_count, totals) VALUES
  ('files', 20261001, 20261101, 'h', 'focus', '["f"]', '["9"]', 2, '{}');
INSERT INTO source_version VALUES ('aws', 'bill', '', '', 'v', 0), ('meter', 'usage', '', '', 'v', 0);
"""
ODD = LoadFinding(LoadFindingKind.REPEATED, "2 lines are equal", "USD", Amounts(3, 2, 2))


def test_an_equal_load_replaces_one_that_was_not_looked_at(left: LeftBefore) -> None:
    warehouse = left("0009_load_findings", READ)
    warehouse.migrate()
    with warehouse.write() as db:
        (before,) = newest_loads(db, ["files"])
        looked_at = replace(before, findings=(ODD,), unamortised=("net",))
        was_new = record_load(db, "files", looked_at), record_load(db, "files", looked_at)
        (after,) = newest_loads(db, ["files"])
        read = [row["source"] for row in db.execute("SELECT source FROM source_version")]
    assert (before.findings, before.unamortised) == ((), None)
    assert was_new == (True, False)
    assert (after.findings, after.unamortised) == ((ODD,), ("net",))
    assert read == ["meter"]

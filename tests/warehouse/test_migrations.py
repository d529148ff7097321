"""A warehouse written by the version before is read on by this one."""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from costwatch.warehouse import migrations, queries
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.intake.runs import bookmarks
from costwatch.warehouse.store import Warehouse
from tests.made.bills import MONTHS, line, of_month
from tests.made.company import NOW, Company

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


def left_by(newest: str, rows: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """A warehouse as the version ``newest`` left it, with rows in it."""
    found = Warehouse(folder / "costwatch.db")
    versions = migrations.VERSIONS[: migrations.VERSIONS.index(newest) + 1]
    with monkeypatch.context() as older:
        older.setattr(migrations, "VERSIONS", versions)
        older.setattr(migrations, "LATEST", len(versions))
        found.migrate()
    with sqlite3.connect(found.path) as db:
        db.executescript(rows)
    db.close()
    return found


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    return left_by("0001_house", ROWS, tmp_path, monkeypatch)


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


RUNS = """
INSERT INTO source VALUES ('aws', 'bill', 20261020), ('ce', 'check', NULL);
INSERT INTO source_version VALUES
  ('aws', 'bill 20261001', 'v10'), ('aws', 'bill 20261201', 'v12'), ('files', 'bill', 'v');
INSERT INTO collection (source, started_at, outcome, window_end, line_count) VALUES
  ('aws', '2026-11-01T00:00:00Z', 'loaded', '2026-11-01T00:00:00Z', 31),
  ('aws', '2026-11-02T00:00:00Z', 'failed', '2026-10-31T00:00:00Z', 0),
  ('ce', '2026-11-02T00:00:00Z', 'failed', NULL, 0);
"""


def test_what_was_read_of_each_source_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = left_by("0002_proof", RUNS, tmp_path, monkeypatch)
    warehouse.migrate()
    with warehouse.read() as db:
        read = {name: bookmarks(db, name) for name in ("aws", "ce", "files")}
        sources = [tuple(row) for row in db.execute("SELECT * FROM source")]
        runs = queries.rows(db, "collections", {"limit": 9})
    assert read["aws"].versions == {
        ("bill", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"): "v10",
        ("bill", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"): "v12",
    }
    assert read["files"].versions == {("bill", "", ""): "v"}
    assert read["aws"].watermarks == {"bill": datetime(2026, 11, 1, tzinfo=UTC)}
    assert (read["ce"].watermarks, read["aws"].partial) == ({}, frozenset())
    assert sources == [("aws", "bill", 20261020), ("ce", "check", None)]
    assert [(run["line_count"], run["row_count"]) for run in runs] == [(0, 0), (0, 0), (31, 31)]


# What collect wrote while there were bills only, from what it writes now.
AS_BEFORE = """
INSERT INTO source_version
SELECT source, 'bill' || iif(window_start = '', '', ' ' || replace(substr(window_start, 1, 10), '-', '')),
  version
FROM now.source_version;
INSERT INTO source SELECT * FROM now.source;
INSERT INTO load SELECT * FROM now.load;
INSERT INTO collection (source, started_at, outcome, window_end, line_count)
SELECT source, started_at, outcome, (SELECT window_end FROM now.watermark), row_count FROM now.collection;
"""


@pytest.mark.parametrize("layout", ["with manifests", "without"])
def test_no_bill_is_read_or_loaded_again_after_the_upgrade(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = Company(tmp_path)
    if layout == "without":
        company.bill([line()])
    else:
        company.deliver({month: [of_month(month)] for month in MONTHS})
    (first,) = company.collect()
    assert (first.outcome, first.error) == ("loaded", "")
    now = company.hashes()
    company.warehouse.path.rename(tmp_path / "now.db")
    rows = f"ATTACH '{tmp_path / 'now.db'}' AS now;{AS_BEFORE}"
    company.warehouse = left_by("0002_proof", rows, tmp_path, monkeypatch)

    monkeypatch.setattr("costwatch.intake.bill.register", lambda *_: pytest.fail("a bill is read again"))
    (again,) = company.collect(NOW + timedelta(days=1))
    assert (again.outcome, again.error) == ("unchanged", "")
    for table in ("load", "source", "source_version"):
        assert company.hashes()[table] == now[table]

"""Version 4 stores batches of any table: no bill is lost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from costwatch.warehouse import migrations, queries
from costwatch.warehouse.intake.runs import bookmarks
from tests.made.bills import MONTHS, line, of_month
from tests.made.company import NOW, Company
from tests.made.older_warehouse import LeftBefore

RUNS = """
INSERT INTO source VALUES ('aws', 'bill', 20261020), ('ce', 'check', NULL);
INSERT INTO source_version VALUES
  ('aws', 'bill 20261001', 'v10'), ('aws', 'bill 20261201', 'v12'), ('files', 'bill', 'v');
INSERT INTO collection (source, started_at, outcome, window_end, line_count) VALUES
  ('aws', '2026-11-01T00:00:00Z', 'loaded', '2026-11-01T00:00:00Z', 31),
  ('aws', '2026-11-02T00:00:00Z', 'failed', '2026-10-31T00:00:00Z', 0),
  ('ce', '2026-11-02T00:00:00Z', 'failed', NULL, 0);
"""


def test_what_was_read_of_each_source_stays(left: LeftBefore, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = left("0004_intake", RUNS)
    monkeypatch.setattr(migrations, "VERSIONS", migrations.VERSIONS[:8])  # the next one forgets what was read
    monkeypatch.setattr(migrations, "LATEST", 8)
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
INSERT INTO source SELECT name, role, data_through FROM now.source;
INSERT INTO load
SELECT id, source, period, period_end, hash, format, files, accounts, line_count, totals, delivered
FROM now.load;
INSERT INTO collection (source, started_at, outcome, window_end, line_count)
SELECT source, started_at, outcome, (SELECT window_end FROM now.watermark), row_count FROM now.collection;
"""


HELD = "SELECT count(*) AS held FROM load GROUP BY source, period, hash, totals"


@pytest.mark.parametrize("layout", ["with manifests", "without"])
def test_after_the_upgrade_every_bill_is_read_once_more_and_is_the_same(
    layout: str, left: LeftBefore, tmp_path: Path
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
    company.warehouse = left("0004_intake", rows)

    outcomes = [company.collect(NOW + timedelta(days=day))[0].outcome for day in (1, 2)]
    assert outcomes == ["loaded", "unchanged"]
    with company.warehouse.read() as db:
        held = [row["held"] for row in db.execute(HELD)]
    assert set(held) == {2}
    for table in ("source", "source_version"):
        assert company.hashes()[table] == now[table]

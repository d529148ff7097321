"""Version 15 keeps what splits told of parts: of what was published before, nothing is told."""

from datetime import date, timedelta
from pathlib import Path

from costwatch.answers.verification import verification
from costwatch.ledger.files import LedgerFiles
from costwatch.proof.second_opinion import Tolerance
from costwatch.warehouse.facts.cost import cost
from tests.made.bills import line, tags
from tests.made.company import NOW, Company
from tests.made.older_warehouse import LeftBefore

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
ROWS = """
INSERT INTO team VALUES (1, 'risk');
INSERT INTO service VALUES (1, 'Amazon EC2');
INSERT INTO slice VALUES
  (1, 'aws', 'AWS', '9', '1', '', '', 'Usage', '', 'Box', 'USD', 'direct', 'no system', 'Hours', 'usage'),
  (2, 'aws', 'AWS', '9', '1', '', '', 'Credit', '', '', 'USD', 'direct', 'no system', '', 'credits');
INSERT INTO team_cost VALUES
  (20261001, 1, 1, 20261001, 1, 3000000000, 2000000000, 2, 1, 0, NULL),
  (20261001, 1, 1, 20261001, 2, -1000000000, -1000000000, 1, NULL, NULL, NULL);
INSERT INTO day_line VALUES (20261001, 'aws', 20261001, 3, 0);
INSERT INTO published (period, period_end, inputs_key, loads, config, first_known_at, known_at, totals,
  fingerprint, inputs)
VALUES (20261001, 20261101, 'k', '[]', '{}', '2026-10-05T00:00:00Z', '2026-10-09T00:00:00Z', '{}', 'f', '[]');
"""


def test_what_was_published_has_no_tags(left: LeftBefore) -> None:
    found = left("0015_allocated_tags", ROWS)
    found.migrate()
    with found.read() as db:
        rows = cost(db, *OCTOBER, ("namespace", "usage_type", "charge_kind"))
        shown = db.execute("SELECT AllocatedTags, x_ChargeKind, EffectiveCostNano FROM cost").fetchall()
        notes = [row["notes"] for row in db.execute("SELECT notes FROM published")]
    assert [(*row.labels.values(), row.EffectiveCostNano) for row in rows] == [
        ("no namespace", "", "credits", "USD", -1_000_000_000),
        ("no namespace", "Box", "usage", "USD", 2_000_000_000),
    ]
    assert {tuple(row) for row in shown} == {("", "usage", 2_000_000_000), ("", "credits", -1_000_000_000)}
    assert notes == ["[]"]


def test_nothing_is_allocated_anew_and_fingerprints_hold(tmp_path: Path) -> None:
    made = Company(tmp_path, {"teams": [{"name": "risk"}]})
    made.bill([line(Tags=tags(team="risk"))])
    made.run()
    with made.warehouse.read() as db:
        (before,) = db.execute("SELECT fingerprint FROM published").fetchone()
    (period,) = made.allocate(NOW + timedelta(days=1))
    assert not period.changed
    # Without tags a slice is hashed as it was by the version before, which knew of none.
    assert before == "660079c787f52d26f319d8009c575ac5f4c63c718f6e9f8440fc61e40bd03983"
    files = LedgerFiles(tmp_path / "ledger")
    assert verification(made.warehouse, files, None, None, [], Tolerance()).findings == ()

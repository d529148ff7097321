"""Version 8 knows systems and parents: what was published belongs to no system until it is allocated anew."""

from datetime import date
from pathlib import Path

import pytest

from costwatch.answers.verification import verification
from costwatch.ledger.files import LedgerFiles
from costwatch.model import NO_COST_CENTER, NO_SYSTEM
from costwatch.proof.second_opinion import Tolerance
from costwatch.warehouse.facts.cost import cost
from tests.made.bills import line, tags
from tests.made.company import Company
from tests.made.older_warehouse import LeftBefore

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
ROWS = """
INSERT INTO team VALUES (1, 'risk');
INSERT INTO service VALUES (1, 'Amazon EC2');
INSERT INTO slice VALUES (1, 'aws', 'AWS', '9', '1', '', '', 'Usage', '', '', 'USD', 'direct');
INSERT INTO team_cost VALUES (20261001, 1, 1, 20261001, 1, 3000000000, 2000000000, 2);
INSERT INTO cost_day VALUES (20261001, 20261001, 1, 1, 'USD', 3000000000, 2000000000, 2);
INSERT INTO day_line VALUES (20261001, 'aws', 20261001, 2, 0);
INSERT INTO published VALUES
  (20261001, 20261101, 'k', '[]', '{}', '2026-10-05T00:00:00Z', '2026-10-09T00:00:00Z', '{}', 'f', '[]');
"""


def test_what_was_published_stands_alone_and_without_a_system(left: LeftBefore) -> None:
    found = left("0008_systems", ROWS)
    found.migrate()
    with found.read() as db:
        (row,) = cost(db, *OCTOBER, ("system", "team", "parent", "cost_center"))
        (shown,) = db.execute("SELECT x_System, x_Parent, x_CostCenter, EffectiveCostNano FROM cost")
    named = {name: row.labels[name] for name in ("system", "team", "parent", "cost_center")}
    assert named == {
        "system": NO_SYSTEM,
        "team": "risk",
        "parent": "risk",
        "cost_center": NO_COST_CENTER,
    }
    assert tuple(shown) == (NO_SYSTEM, "risk", NO_COST_CENTER, 2_000_000_000)


SYSTEM = {"name": "scoring", "team": "risk", "match": {"tags": {"app": "scoring"}}}


@pytest.mark.parametrize("systems", [[], [SYSTEM]], ids=["without systems", "with a system"])
def test_nothing_is_allocated_anew_by_the_upgrade_but_by_what_is_configured(
    systems: list[object], tmp_path: Path
) -> None:
    made = Company(tmp_path, {"teams": [{"name": "risk", "accounts": ["100000000001"]}]})
    made.bill([line(), line(Tags=tags(app="scoring"))])
    made.run()
    before = made.cost("team", "service")
    made.allocation = {**made.allocation, "systems": systems}
    (period,) = made.allocate()
    assert period.changed is bool(systems)
    assert made.cost("team", "service") == before
    with made.warehouse.read() as db:
        changed = db.execute("SELECT sum(BilledCostNano), count(*) FROM team_cost_revision").fetchone()
    assert tuple(changed) == ((0, 2) if systems else (None, 0))
    files = LedgerFiles(tmp_path / "ledger")
    assert verification(made.warehouse, files, None, None, [], Tolerance()).findings == ()

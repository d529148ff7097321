"""Version 12 tells credits, refunds and tax from other charges, also in what was published before."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from costwatch.answers.verification import verification
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Window
from costwatch.proof.second_opinion import Tolerance
from costwatch.warehouse.bill.places import SLICE_COLUMNS
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import on_day
from tests.made.company import Company
from tests.made.older_warehouse import LeftBefore, take_back

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
SLICE = "INSERT INTO slice VALUES ({}, 'aws', 'AWS', '9', '1', '', '', {}, '', 'USD', 'direct', 'no system');"
FACTS = ("team_cost", "team_cost_revision")
KINDS = {
    "'Usage', ''": "charges",
    "'Usage', 'Correction'": "charges",
    "'Adjustment', ''": "charges",
    "'Adjustment', 'Correction'": "refunds",
    "'Purchase', 'Correction'": "refunds",
    "'Credit', 'Correction'": "credits",
    "'Tax', ''": "tax",
}
ROWS = """
INSERT INTO team VALUES (1, 'risk');
INSERT INTO service VALUES (1, 'Amazon EC2');
{}
INSERT INTO cost_day VALUES (20261001, 20261001, 1, 1, 'USD', 28, 56, 7);
INSERT INTO day_line VALUES (20261001, 'aws', 20261001, 7, 0);
INSERT INTO published VALUES
  (20261001, 20261101, 'k', '[]', '{{}}', '2026-10-05T00:00:00Z', '2026-10-09T00:00:00Z', '{{}}', 'f', '[]',
   NULL);
INSERT INTO budget VALUES ('risk month', 'risk', 'BilledCost', 'month', 'USD', 5);
INSERT INTO budget_history VALUES
  ('risk month', '2026-10-09T00:00:00Z', 'risk', 'BilledCost', 'month', 'USD', 5),
  ('gone', '2026-10-09T00:00:00Z', NULL, NULL, NULL, NULL, NULL);
""".format(
    "\n".join(
        f"{SLICE.format(number, told)}\n"
        f"INSERT INTO team_cost VALUES (20261001, 1, 1, 20261001, {number}, {number}, {2 * number}, 1);"
        for number, told in enumerate(KINDS, start=1)
    )
)


def test_the_summary_is_told_by_kind_and_comes_to_the_same(left: LeftBefore) -> None:
    found = left("0012_charge_kind", ROWS)
    found.migrate()
    with found.read() as db:
        stored, *instants = (
            {
                row.labels["charge_kind"]: row.EffectiveCostNano
                for row in cost(db, *OCTOBER, ("charge_kind",), as_of=as_of)
            }
            for as_of in (None, datetime(2026, 11, 1, tzinfo=UTC))
        )
        (whole,) = cost(db, *OCTOBER)
        by_view = dict(db.execute("SELECT x_ChargeKind, SUM(EffectiveCostNano) FROM cost GROUP BY 1"))
    expected: dict[str, int] = {}
    for number, kind in enumerate(KINDS.values(), start=1):
        expected[kind] = expected.get(kind, 0) + 2 * number
    assert [stored, *instants, by_view] == [expected] * 3
    assert (whole.EffectiveCostNano, whole.BilledCostNano, whole.line_count) == (56, 28, 7)


def test_budgets_count_everything_as_they_did(left: LeftBefore) -> None:
    found = left("0012_charge_kind", ROWS)
    found.migrate()
    with found.read() as db:
        for as_of in (None, datetime(2026, 10, 20, tzinfo=UTC)):
            facts = WarehouseSnapshot(db, datetime(2026, 11, 2, tzinfo=UTC), as_of=as_of)
            (key,) = facts.series("budget", (), Window.of_days(*OCTOBER))
            assert dict(key)["include"] == "credits,refunds,tax"


def test_nothing_is_published_anew_by_the_upgrade_and_all_is_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Company(tmp_path, {"teams": [{"name": "risk", "accounts": ["100000000001"]}]})
    made.bill(
        [on_day(1), on_day(1, ChargeCategory="Credit", BilledCost="-1"), on_day(2, ChargeCategory="Tax")]
    )
    made.run()
    before = made.cost("team", "service", "charge_kind")
    with made.warehouse.write() as db:  # as version 11 had it
        for statement in (
            "DROP VIEW cost",
            f"CREATE TABLE older AS SELECT id, {', '.join(SLICE_COLUMNS[:-1])} FROM slice",
            "DROP TABLE slice",
            "ALTER TABLE older RENAME TO slice",
            "UPDATE published SET fingerprint = ''",  # it tells units
            "CREATE TABLE older AS SELECT period, day, team, service, BillingCurrency,"
            " SUM(BilledCostNano) AS b, SUM(EffectiveCostNano) AS e, SUM(line_count) AS n FROM cost_day"
            " GROUP BY period, day, team, service, BillingCurrency",
            "DROP TABLE cost_day",
            "CREATE TABLE cost_day (period INTEGER, day INTEGER, team INTEGER, service INTEGER,"
            " BillingCurrency TEXT, BilledCostNano INTEGER, EffectiveCostNano INTEGER, line_count INTEGER)",
            "INSERT INTO cost_day SELECT * FROM older",
            "DROP TABLE older",
            "CREATE VIEW cost AS SELECT 1",
        ):
            db.execute(statement)
        take_back(db, 11)
    made.warehouse.migrate()
    assert made.cost("team", "service", "charge_kind") == before
    assert [period.changed for period in made.allocate()] == [False]
    files = LedgerFiles(tmp_path / "ledger")
    assert verification(made.warehouse, files, None, None, [], Tolerance()).findings == ()

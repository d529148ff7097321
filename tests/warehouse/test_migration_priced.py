"""Version 13 keeps what explains cost; of what was published before, that is unknown until it is again."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from costwatch.answers.verification import verification
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Window
from costwatch.money import NANO
from costwatch.proof.second_opinion import Tolerance
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.priced import priced_cost
from tests.made.bills import on_day, tags
from tests.made.company import NOW, Company
from tests.made.older_warehouse import LeftBefore

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
ROWS = """
INSERT INTO team VALUES (1, 'risk');
INSERT INTO service VALUES (1, 'Amazon EC2');
INSERT INTO slice VALUES
  (1, 'aws', 'AWS', '9', '1', '', '', 'Credit', '', 'BoxUsage', 'USD', 'direct', 'no system', 'credits');
INSERT INTO team_cost VALUES (20261001, 1, 1, 20261001, 1, 3000000000, 2000000000, 2);
INSERT INTO team_cost_revision VALUES
  (20261001, 1, 1, 20261001, 1, '2026-10-09T00:00:00Z', 1, 2, 'settled', 'delivery', 0);
INSERT INTO cost_day VALUES (20261001, 20261001, 1, 1, 'USD', 'credits', 3000000000, 2000000000, 2);
INSERT INTO day_line VALUES (20261001, 'aws', 20261001, 2, 0);
INSERT INTO published VALUES
  (20261001, 20261101, 'k', '[]', '{}', '2026-10-05T00:00:00Z', '2026-10-09T00:00:00Z', '{}', 'f', '[]',
   NULL);
"""


def test_what_was_published_stays_and_says_that_nothing_is_known(left: LeftBefore) -> None:
    found = left("0013_priced", ROWS)
    found.migrate()
    with found.read() as db:
        (row,) = priced_cost(db, *OCTOBER, ("team", "usage_type"))
        (then,) = priced_cost(db, *OCTOBER, as_of=datetime(2026, 10, 6, tzinfo=UTC))
        (told,) = cost(db, *OCTOBER, ("usage_type", "charge_kind"))
        view = db.execute("SELECT x_UsageType, x_ChargeKind, EffectiveCostNano FROM cost").fetchall()
    assert row.labels == {"team": "risk", "usage_type": "BoxUsage", "currency": "USD", "unit": ""}
    assert (row.PricingQuantityNano, row.ContractedCostNano, row.uncontracted_line_count) == (None, None, 2)
    assert (then.PricingQuantityNano, then.ContractedCostNano, then.EffectiveCostNano) == (
        None,
        None,
        2 * NANO - 2,
    )
    assert told.labels == {"usage_type": "BoxUsage", "charge_kind": "credits", "currency": "USD"}
    assert [tuple(row) for row in view] == [("BoxUsage", "credits", 2 * NANO)]


LINES = [
    on_day(1, Tags=tags(team="risk"), x_UsageType="Box", EffectiveCost="1"),
    on_day(2, Tags=tags(team="risk"), x_UsageType="", PricingUnit="GB", EffectiveCost="2"),
    on_day(3, Tags=tags(team="risk"), x_UsageType="", PricingUnit="Requests", EffectiveCost="4"),
]
LATER = NOW + timedelta(days=1)
LAST = NOW + timedelta(days=2)
FORGET = """
UPDATE team_cost SET PricingQuantityWhole = NULL, PricingQuantityRest = NULL, ContractedCostNano = NULL;
UPDATE team_cost_revision
SET PricingQuantityWhole = NULL, PricingQuantityRest = NULL, ContractedCostNano = NULL;
UPDATE team_cost SET slice = (SELECT id FROM slice WHERE PricingUnit = 'GB') WHERE day = 20261003;
UPDATE team_cost_revision SET slice = (SELECT id FROM slice WHERE PricingUnit = 'GB') WHERE day = 20261003;
DELETE FROM slice WHERE PricingUnit = 'Requests';
UPDATE slice SET PricingUnit = '';
UPDATE published SET priced = NULL, priced_since = NULL
"""


@pytest.fixture
def upgraded(tmp_path: Path) -> Company:
    """A company whose bill was published twice before units were kept: one of its slices holds two."""
    company = Company(tmp_path, {"teams": [{"name": "risk"}]})
    for now, lines in ((NOW, LINES[:2]), (LATER, LINES)):
        company.bill(lines)
        company.run(now)
    with company.warehouse.write() as db:
        for statement in FORGET.split(";"):
            db.execute(statement)
        db.execute("UPDATE published SET fingerprint = ''")
    return company


def test_allocated_again_it_is_known_and_no_cost_has_changed(upgraded: Company) -> None:
    by = ("usage_type", "service", "team", "charge_kind")
    before = upgraded.cost(*by)
    with upgraded.warehouse.read() as db:
        then = cost(db, *OCTOBER, by, as_of=NOW)
        assert {row.PricingQuantityNano for row in priced_cost(db, *OCTOBER)} == {None}
    files = LedgerFiles(upgraded.root / "ledger")
    (note,) = verification(upgraded.warehouse, files, None, None, [], Tolerance()).notes
    assert "costwatch allocate --from 2026-10-01 --to 2026-11-01" in note.text
    upgraded.allocate(LAST, Window.of_days(*OCTOBER))
    assert upgraded.cost(*by) == before
    with upgraded.warehouse.read() as db:
        known = {row.labels["unit"]: row.PricingQuantityNano for row in priced_cost(db, *OCTOBER)}
        assert known == dict.fromkeys(("GB", "Hours", "Requests"), NANO)
        unknown = priced_cost(db, *OCTOBER, as_of=LATER)
        assert {(row.labels["unit"], row.PricingQuantityNano, row.ContractedCostNano) for row in unknown} == {
            ("", None, None)
        }
        assert cost(db, *OCTOBER, by, as_of=NOW) == then
        assert cost(db, *OCTOBER, by, as_of=LATER) == before
    verified = verification(upgraded.warehouse, files, None, None, [], Tolerance())
    assert (verified.findings, verified.notes) == ((), ())


def test_facts_of_one_unit_are_not_revised(upgraded: Company) -> None:
    upgraded.allocate(LAST, Window.of_days(*OCTOBER))
    with upgraded.warehouse.read() as db:
        revised = db.execute(
            "SELECT DISTINCT day FROM team_cost_revision"
            " WHERE known_at = (SELECT MAX(known_at) FROM published)"
        ).fetchall()
    assert [row["day"] for row in revised] == [20261002, 20261003]

"""Bills that nobody here wrote, where they are at hand: the figures their origin gives."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.exports import Exports
from tests.steps import NOW, Company

DATA = Path(__file__).parents[2] / "shared" / "data" / "billing"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"real bills are not at hand: no folder {DATA}")


def company(tmp_path: Path, location: Path, **allocation: object) -> Company:
    made = Company(tmp_path, allocation)
    made.sources = [Exports(name="bill", location=str(location))]
    made.run()
    return made


@needs_data
def test_the_published_focus_1_0_sample(tmp_path: Path) -> None:
    made = company(tmp_path, DATA / "focus-1.0")
    billed = made.billed("provider")
    assert billed["AWS"] == Decimal("18.006638649")
    assert sum(billed.values()) == Decimal("20.520226760")
    (compute,) = made.cost(where={"provider": ("AWS",), "service": ("Amazon Elastic Compute Cloud",)})
    assert (compute.amount("BilledCost"), compute.line_count) == (Decimal("16.041693059"), 554)
    with made.warehouse.read() as db:
        controls = [row["totals"] for row in db.execute("SELECT totals FROM load ORDER BY period")]
    assert '"BilledCostControl": "20.280226728990"' in controls[0]
    before = made.hashes("collection")
    for _ in range(9):
        made.run()
    assert made.hashes("collection") == before


@needs_data
def test_incomplete_focus_files_are_refused_by_name(tmp_path: Path) -> None:
    made = Company(tmp_path)
    made.sources = [Exports(name="bill", location=str(DATA / "focus-spec-scenarios"))]
    (collected,) = made.collect(NOW)
    assert collected.outcome == "failed"
    assert (
        "commitment_discount_purchase_scenario_1.csv:1: not a complete focus file: mandatory"
        in collected.error
    )
    assert not made.allocate()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_generated_focus_bill_of_100_000_lines(version: str, tmp_path: Path) -> None:
    rows = "100000" if version == "1.2" else "2000"
    command = [str(Path(sys.executable).with_name("focus-toolkit")), "generate", "--provider", "aws"]
    command += ["--focus-version", version, "--rows", rows, "--seed", "7", "--out", str(tmp_path / "made")]
    subprocess.run(command, check=True, capture_output=True)
    teams = [{"name": name, "aliases": [f"team-{name}"]} for name in ("platform", "payments", "data")]
    pools = [
        {"name": "tax", "match": {"ChargeCategory": "Tax"}, "split": "proportional"},
        {"name": "purchases", "match": {"ChargeCategory": "Purchase"}, "split": "even"},
        {"name": "direct", "split": "owner", "tags": ["Owner"]},
    ]
    (bill,) = (tmp_path / "made").glob("*_cost_and_usage_aws.csv")
    made = company(tmp_path / "company", bill, teams=teams, pools=pools)
    (total,) = made.cost()
    assert total.line_count == int(rows)
    if version == "1.2":
        assert total.amount("BilledCost") == Decimal("2252886.707039325")
        assert total.amount("EffectiveCost") == Decimal("2252886.707039248")
    assert sum(made.billed().values()) == total.amount("BilledCost")
    assert sum(made.effective().values()) == total.amount("EffectiveCost")
    assert len(made.billed()) > 2

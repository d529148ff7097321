"""What many share: every unit cost, run and story of the demo is what the generator's own numbers come to."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.answers.runs import RunRow, runs_answer
from costwatch.answers.unit_costs import unit_cost_answer
from costwatch.config import load_config
from costwatch.model import midnight
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from costwatch.wording import on_day
from tests.made import fleet_dollars

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
CENT = 0.01


def truth(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "ground-truth.json").read_text())
    return told


def story(folder: Path, name: str) -> dict[str, Any]:
    (found,) = (each for each in truth(folder)["stories"] if each["story"] == name)
    return dict(found)


def month(folder: Path) -> tuple[date, date]:
    """From the 1st up to, not including, the day after the last settled one."""
    last = date.fromisoformat(truth(folder)["data_through"])
    return last.replace(day=1), last + DAY


def cost_of(folder: Path, label: str, value: str, first: date, after: date, **where: str) -> float:
    with Warehouse(folder / "costwatch.db").read() as db:
        (row,) = cost(db, first, after, (), {label: [value], **{name: [of] for name, of in where.items()}})
    return float(row.amount())


def said(folder: Path, rule: str) -> str:
    with Warehouse(folder / "costwatch.db").read() as db:
        (row,) = db.execute("SELECT summary FROM alert WHERE rule = ?", (rule,)).fetchall()
    return str(row["summary"])


def test_every_unit_costs_what_its_part_of_the_bill_and_its_volume_come_to(folder: Path) -> None:
    now = datetime.fromisoformat(truth(folder)["now"])
    with Warehouse(folder / "costwatch.db").read() as db:
        rows = unit_cost_answer(WarehouseSnapshot(db, now), *month(folder)).rows
    found = {(row.of.name, *row.group.items()): row for row in rows}
    wanted = {(unit["unit_cost"], *unit["by"].items()): unit for unit in truth(folder)["unit_costs"]}
    of_no_product = ("decision", ("product", "no product"))  # what no line says anything of, and no decision
    assert {*found} - {of_no_product} == {*wanted}
    assert found[of_no_product].value is None
    for key, unit in wanted.items():
        row = found[key]
        assert float(row.found.cost) == pytest.approx(float(unit["cost"]), abs=CENT)
        assert float(row.found.volume) == unit["volume"]
        assert float(row.found.unknown_cost) == pytest.approx(float(unit["unknown_cost"]), abs=CENT)
        assert (row.value is None) is (unit["value"] is None)
        assert row.value is None or float(row.value) == pytest.approx(unit["value"], rel=1e-6, abs=1e-12)
        assert row.of.per == unit["per"]


def test_each_team_carries_of_what_many_share_what_was_measured_of_it(folder: Path) -> None:
    wanted = fleet_dollars.fleet_dollars(folder, load_config(folder / "costwatch.yaml").pools)
    labels = {"mysql": "schema", "streams": "feature_view", "models": "model", "experiments": "experiment"}
    found: dict[tuple[str, str, str, date], int] = {}
    with Warehouse(folder / "costwatch.db").read() as db:
        for pool, label in labels.items():
            by = ("team", f"allocated:{label}")
            for row in cost(db, date(2000, 1, 1), date(2100, 1, 1), by, {"pool": [pool]}, per_day=True):
                found[pool, *(row.labels[name] for name in by), row.day or date.max] = row.EffectiveCostNano
    assert found.keys() == wanted.keys()
    assert sum(found.values()) == sum(wanted.values())  # of the bill, to the nano-unit
    for key, nano in found.items():
        assert nano == pytest.approx(float(wanted[key]), abs=1_000)


def runs(folder: Path) -> Mapping[str, RunRow]:
    now = datetime.fromisoformat(truth(folder)["now"])
    with Warehouse(folder / "costwatch.db").read() as db:
        answer = runs_answer(WarehouseSnapshot(db, now), month(folder)[0], now.date(), "run_id")
        workloads = cost(db, month(folder)[0], now.date(), ("workload",))
    of_jobs = [row.EffectiveCostNano for row in workloads if row.labels["workload"].startswith("job/")]
    assert answer.totals == {"USD": sum(of_jobs)}
    return {row.name: row for row in answer.rows if row.is_run}


def test_every_run_is_told_as_it_went_with_its_gpu_hours_and_dollars(folder: Path) -> None:
    found, wanted = runs(folder), {run["run"]: run for run in truth(folder)["runs"]}
    assert found.keys() == wanted.keys()
    for name, run in wanted.items():
        row = found[name]
        assert (row.owner, row.outcome) == (run["team"], run["outcome"])
        assert row.started_at == datetime.fromisoformat(run["started_at"])
        assert row.ended_at == (datetime.fromisoformat(run["ended_at"]) if run["ended_at"] else None)
        assert row.gpu_hours == pytest.approx(run["gpu_hours"], rel=1e-9)
        assert row.nano / 1e9 == pytest.approx(float(run["cost"]), abs=CENT)
    assert {run["outcome"] for run in wanted.values()} == {"succeeded", "failed", "running"}


def test_failed_runs_cost_their_teams_what_they_held(folder: Path) -> None:
    now, failed = datetime.fromisoformat(truth(folder)["now"]), story(folder, "failed-runs")
    with Warehouse(folder / "costwatch.db").read() as db:
        answer = runs_answer(WarehouseSnapshot(db, now), *month(folder), "run_id")
    assert {row.name for row in answer.rows if row.outcome == "failed"} == {*failed["runs"]}
    assert {team: nano / 1e9 for (team, _), (nano, _) in answer.failed.items()} == {
        team: pytest.approx(float(usd), abs=CENT) for team, usd in failed["cost_by_team"].items()
    }


def test_a_schema_doubles_what_its_team_pays_of_mysql(folder: Path) -> None:
    told = story(folder, "busy-schema")
    monday, last = date.fromisoformat(told["since"]), date.fromisoformat(told["week_last_day"])
    for key, weeks in (("week_amount", 0), ("week_before_amount", 1)):
        back = timedelta(weeks=weeks)
        of_schema = cost_of(folder, "allocated:schema", told["schema"], monday - back, last - back + DAY)
        of_team = cost_of(folder, "pool", "mysql", monday - back, last - back + DAY, team=told["team"])
        assert of_schema == of_team == pytest.approx(float(told[key]), abs=CENT)
    assert float(told["times"]) == pytest.approx(2, rel=0.06)
    amount = Decimal(told["amount"]).quantize(Decimal("0.01"))
    assert f"{told['schema']} · mysql: ${amount} on {on_day(date.fromisoformat(told['day']))}" in said(
        folder, told["rule"]
    )


def test_a_view_that_nobody_reads_costs_what_is_streamed_for_it(folder: Path) -> None:
    told, after = story(folder, "unread-view"), month(folder)[1]
    since = date.fromisoformat(told["unread_since"])
    assert (after - since).days >= 30
    found = cost_of(folder, "allocated:feature_view", told["feature_view"], since, after, team=told["team"])
    assert found == pytest.approx(float(told["cost_since"]), abs=CENT)
    assert said(folder, told["rule"]).startswith(f"{told['feature_view']} · feature_values: 0 in the 30 days")


def test_an_experiment_that_ended_costs_what_it_still_serves(folder: Path) -> None:
    told, after = story(folder, "ended-experiment"), month(folder)[1]
    ended = date.fromisoformat(told["ended"])
    found = cost_of(folder, "allocated:experiment", told["experiment"], ended, after, team=told["team"])
    assert found == pytest.approx(float(told["cost_since"]), abs=CENT)
    assert f"Ended on {ended}" in (folder / "alerts.yaml").read_text()
    assert said(folder, told["rule"]).startswith(f"{told['experiment']} · experiment_requests: ")
    now = midnight(datetime.fromisoformat(truth(folder)["now"]).date())
    with Warehouse(folder / "costwatch.db").read() as db:
        facts = WarehouseSnapshot(db, now)
        rows = unit_cost_answer(facts, ended, after, ("experiment request",)).rows
    (served,) = (row for row in rows if dict(row.group) == {"experiment": told["experiment"]})
    assert float(served.found.volume) == told["requests_since"]

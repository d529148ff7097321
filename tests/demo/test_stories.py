"""Every planted story is told by its alert and by the report: team, day and dollars as the generator says."""

import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from costwatch.money import exact
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.store import Warehouse
from costwatch.wording import on_day
from tests.made.cluster_dollars import cluster_dollars, listed_files
from tests.made.company import EVER

pytestmark = pytest.mark.slow


def stories(folder: Path) -> dict[str, dict[str, Any]]:
    told = json.loads((folder / "ground-truth.json").read_text())["stories"]
    return {story["story"]: story for story in told}


def said(folder: Path, rule: str) -> list[str]:
    """What the alert of a rule said when it fired and was corrected, then what it says now."""
    with Warehouse(folder / "costwatch.db").read() as db:
        events = db.execute("SELECT summary FROM alert_event WHERE rule = ? ORDER BY id", (rule,)).fetchall()
        now = db.execute("SELECT summary FROM alert WHERE rule = ?", (rule,)).fetchall()
    return [row["summary"] for row in (*events, *now)]


def report(folder: Path) -> str:
    (file,) = (folder / "reports").glob("weekly-*.md")
    return file.read_text()


def dollars(amount: str) -> str:
    return exact(Decimal(amount))


STORIES = ("runaway-training", "nat-leak", "untagged-account", "restated-day")
NAMES = ("team", "namespace", "label:feature_view", "label:experiment")  # of alerts, one of them each


@pytest.mark.parametrize("name", STORIES)
def test_an_alert_told(name: str, folder: Path) -> None:
    story = stories(folder)[name]
    amount = story.get("first_amount", story["amount"])
    wanted = f"{dollars(amount)} on {on_day(date.fromisoformat(story['day']))}"
    told = [summary for summary in said(folder, story["rule"]) if wanted in summary]
    assert told
    assert all(summary.startswith(story["team"]) for summary in told)


@pytest.mark.parametrize("name", STORIES)
def test_the_report_told(name: str, folder: Path) -> None:
    story = stories(folder)[name]
    text = report(folder)
    if name == "restated-day":
        row = f"| {dollars(story['first_amount'])} | {dollars(story['amount'])} |"
    else:
        row = f"| {dollars(story['week_before_amount'])} | {dollars(story['week_amount'])} |"
    lines = [line for line in text.splitlines() if row in line]
    assert len(lines) == 1
    assert story["team"] in lines[0]
    assert story["service"] in lines[0]
    assert on_day(date.fromisoformat(story["day"])) in text


def test_the_restated_day_corrected_its_alert(folder: Path) -> None:
    story = stories(folder)["restated-day"]
    correction = f"is {dollars(story['amount'])} now (was {dollars(story['first_amount'])})"
    assert correction in said(folder, story["rule"])[-1]
    assert correction in report(folder)


def test_the_team_over_its_budget_is_told(folder: Path) -> None:
    story = stories(folder)["over-budget"]
    wanted = f"{dollars(story['spent'])} of {dollars(story['budget'])}"
    for text in (said(folder, story["rule"])[-1], report(folder)):
        assert f"{story['team']}: " in text
        assert wanted in text


def test_every_system_costs_what_its_lines_do_whoever_carries_them(folder: Path) -> None:
    truth = json.loads((folder / "ground-truth.json").read_text())
    through = date.fromisoformat(truth["data_through"])
    month = (through.replace(day=1), through + timedelta(days=1))
    with Warehouse(folder / "costwatch.db").read() as db:
        found = {row.labels["system"]: row.amount() for row in cost(db, *month, ("system",))}
        (whole,) = cost(db, *month)
    assert {name: found[name] for name in truth["systems"]} == {
        name: Decimal(system["month_to_date"]) for name, system in truth["systems"].items()
    }
    assert sum(found.values()) == whole.amount()


def test_a_parent_costs_what_it_and_its_children_do(folder: Path) -> None:
    with Warehouse(folder / "costwatch.db").read() as db:
        teams = {row.labels["team"]: row.EffectiveCostNano for row in cost(db, *EVER, ("team",))}
        parents = {row.labels["parent"]: row.EffectiveCostNano for row in cost(db, *EVER, ("parent",))}
        centers = {
            row.labels["cost_center"]: row.EffectiveCostNano for row in cost(db, *EVER, ("cost_center",))
        }
    below = ("platform", "ml-platform", "feature-store")
    assert parents["platform"] == centers["CC-1000"] == sum(teams[team] for team in below)
    assert parents["risk"] == teams["risk"]
    assert sum(parents.values()) == sum(centers.values()) == sum(teams.values())


def test_each_team_carries_of_clusters_what_its_pods_held_on_every_day(folder: Path) -> None:
    wanted = cluster_dollars(folder)
    with Warehouse(folder / "costwatch.db").read() as db:
        rows = cost(db, *EVER, ("cluster", "team"), {"pool": ["clusters"]}, per_day=True)
        (whole,) = cost(db, *EVER, ("pool",), {"pool": ["clusters"]})
    found = {(row.labels["cluster"], row.labels["team"], row.day): row.EffectiveCostNano for row in rows}
    assert found.keys() == wanted.keys()
    for key, nano in found.items():
        assert nano == pytest.approx(float(wanted[key]), rel=1e-3)
    assert sum(found.values()) == sum(wanted.values()) == whole.EffectiveCostNano


def test_the_ground_truth_of_clusters_is_what_the_files_come_to(folder: Path) -> None:
    truth = json.loads((folder / "ground-truth.json").read_text())
    last = date.fromisoformat(truth["data_through"])
    found: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for (cluster, team, day), nano in cluster_dollars(folder).items():
        if last.replace(day=1) <= day <= last:
            found[cluster, team] += nano
    told = {(name, team): amount for name, of in truth["clusters"].items() for team, amount in of.items()}
    assert {key: float(nano / 10**9) for key, nano in found.items()} == {
        key: pytest.approx(float(amount), abs=0.001) for key, amount in told.items()
    }


def test_teams_and_residuals_carry_the_bill_to_the_nano_unit(folder: Path) -> None:
    lines = [pq.read_table(path, columns=["EffectiveCost"]) for path in listed_files(folder)]
    bill = sum(round(amount * 1e9) for part in lines for amount in part["EffectiveCost"].to_pylist())
    with Warehouse(folder / "costwatch.db").read() as db:
        teams = {row.labels["team"]: row.EffectiveCostNano for row in cost(db, *EVER, ("team",))}
    assert sum(teams.values()) == bill
    assert "unmeasured" not in teams


def test_the_gpus_that_nobody_uses_are_idle_by_name(folder: Path) -> None:
    story = stories(folder)["idle-gpus"]
    through = date.fromisoformat(json.loads((folder / "ground-truth.json").read_text())["data_through"])
    month = (through.replace(day=1), through + timedelta(days=1))
    with Warehouse(folder / "costwatch.db").read() as db:
        rows = cost(db, *month, ("team",), {"cluster": [story["cluster"]]})
    found = {row.labels["team"]: row.amount() for row in rows}
    assert float(found[story["team"]]) == pytest.approx(float(story["idle_of_cluster"]), abs=0.01)
    assert found["idle"] > sum(found.values()) * 3 / 4
    assert float(story["idle_of_resources"]) > float(story["idle_of_cluster"]) / 2


def test_the_namespace_that_asks_for_too_much_asks_for_four_times_what_it_uses(folder: Path) -> None:
    story = stories(folder)["over-requested-namespace"]
    with Warehouse(folder / "costwatch.db").read() as db:
        rows = db.execute("""
            SELECT namespace, sum(cpu_requested_core_seconds) / sum(cpu_used_core_seconds) AS cpu,
              sum(memory_requested_byte_seconds) / sum(memory_used_byte_seconds) AS memory
            FROM x_workload_days WHERE cluster = 'prod' GROUP BY namespace""").fetchall()
    times = {row["namespace"]: (row["cpu"], row["memory"]) for row in rows}
    assert times.pop(story["namespace"]) == (pytest.approx(4, rel=0.01), pytest.approx(4, rel=0.01))
    assert max(cpu for cpu, _ in times.values()) < 2
    assert story["times"] == pytest.approx(4, rel=0.01)


def test_the_runaway_job_still_runs_and_has_for_ten_times_as_long_as_those_before(folder: Path) -> None:
    story = stories(folder)["runaway-job"]
    now = datetime.fromisoformat(json.loads((folder / "ground-truth.json").read_text())["now"])
    with Warehouse(folder / "costwatch.db").read() as db:
        rows = db.execute(
            "SELECT workload, workload_kind, max(day) AS last, sum(running_seconds) / 3600.0 AS hours "
            "FROM x_workload_days WHERE namespace = ? GROUP BY workload, workload_kind",
            (story["namespace"],),
        ).fetchall()
    assert {row["workload_kind"] for row in rows} == {"job"}
    hours = {row["workload"]: row["hours"] for row in rows}
    assert hours.pop(story["workload"]) == story["running_hours"] == 40
    assert min(hours.values()) >= 3.5
    assert max(hours.values()) <= 4
    assert len(hours) >= 40
    assert max(row["last"] for row in rows) == int(f"{now - timedelta(days=1):%Y%m%d}")
    assert float(story["cost_so_far"]) > 9 * float(story["usual_cost"])
    assert datetime.fromisoformat(story["since"]) == now - timedelta(hours=40)


def test_nothing_else_is_told(folder: Path) -> None:
    expected = {
        (story["rule"], story.get("feature_view", story.get("experiment", story["team"])))
        for story in stories(folder).values()
        if "rule" in story
    }
    of_slos = json.loads((folder / "ground-truth.json").read_text())["slo_stories"]
    expected |= {(rule, story["team"]) for story in of_slos for rule in story.get("rules", ())}
    with Warehouse(folder / "costwatch.db").read() as db:
        rows = db.execute("SELECT rule, labels FROM alert").fetchall()
    told = [(row["rule"], json.loads(row["labels"])) for row in rows]
    # A namespace of the company has the name of its team.
    assert {(rule, next(names[name] for name in NAMES if name in names)) for rule, names in told} == expected

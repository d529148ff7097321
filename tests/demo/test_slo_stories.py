"""Objectives of the demo: budgets and stories are what the generator's own arrays come to."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from costwatch.answers.markers import markers
from costwatch.answers.reliability_cost import reliability_cost
from costwatch.answers.slo_history import slo_history
from costwatch.answers.slos import Health, SloState, slo_answer
from costwatch.config import load_config
from costwatch.model import Window
from costwatch.slo.worth import Advice
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse

pytestmark = pytest.mark.slow


def truth(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "ground-truth.json").read_text())
    return told


def story(folder: Path, name: str) -> dict[str, Any]:
    (found,) = (each for each in truth(folder)["slo_stories"] if each["story"] == name)
    return dict(found)


def states(folder: Path) -> dict[tuple[str, tuple[tuple[str, str], ...]], SloState]:
    now = datetime.fromisoformat(truth(folder)["now"])
    with Warehouse(folder / "costwatch.db").read() as db:
        found = slo_answer(WarehouseSnapshot(db, now))
    return {(one.objective.id, one.labels): one for one in found}


def test_every_budget_is_what_the_arrays_come_to(folder: Path) -> None:
    found = states(folder)
    wanted = {(each["slo"], tuple(each["labels"].items())): each for each in truth(folder)["slos"]}
    assert {*found} == {*wanted}
    assert len({slo for slo, _ in wanted}) == 10
    for key, each in wanted.items():
        state = found[key]
        assert (state.budget.good, state.budget.total) == (each["good"], each["total"]), key
        assert state.left == (None if each["left"] is None else pytest.approx(each["left"], abs=1e-9)), key
        assert state.coverage == pytest.approx(each["coverage"], abs=1e-9), key
        assert (state.objective.team, state.objective.system) == (each["team"], each["system"]), key
        assert [state.window.start.isoformat(), state.window.end.isoformat()] == [each["from"], each["to"]], (
            key
        )


def test_the_incident_took_a_third_of_the_budget_after_a_deploy(folder: Path) -> None:
    told = story(folder, "incident")
    state = states(folder)[told["slo"], ()]
    with Warehouse(folder / "costwatch.db").read() as db:
        history = slo_history(WarehouseSnapshot(db, state.now), state)
    incident, before = history.incidents[0]
    assert [incident.start.isoformat(), incident.end.isoformat()] == [told["start"], told["end"]]
    assert incident.bad == told["bad"]
    assert incident.budget_share == pytest.approx(told["budget_share"], abs=1e-9)
    assert told["budget_share"] == pytest.approx(1 / 3, abs=0.01)
    assert [one.title for one in before] == [told["marker"]["title"]]


def test_messages_tell_of_the_incident_and_of_the_slow_burn(folder: Path) -> None:
    messages = (folder / "messages.txt").read_text()
    incident, slow = story(folder, "incident"), story(folder, "slow-burn")
    assert f"rule {incident['rules'][0]} · page" in messages
    assert f"changes before: deploy {incident['marker']['title']}" in messages
    over = [message for message in messages.split("\n\n") if message.startswith("RESOLVED")]
    assert any(f"rule {incident['rules'][0]} · page" in message for message in over)
    assert f"rule {slow['rules'][0]} · ticket" in messages


def test_the_slow_burn_goes_on(folder: Path) -> None:
    told = story(folder, "slow-burn")
    state = states(folder)[told["slo"], ()]
    assert state.health is Health.TICKET
    assert state.burn(timedelta(days=3)) == pytest.approx(told["burn_3d"], rel=1e-9)
    at = datetime.fromisoformat(told["marker"]["at"])
    with Warehouse(folder / "costwatch.db").read() as db:
        facts = WarehouseSnapshot(db, state.now)
        found = markers(
            facts, Window(at, at + timedelta(hours=1)), service=state.objective.service, kinds=["flag"]
        )
    assert [one.title for one in found] == [told["marker"]["title"]]


def test_no_traffic_is_no_percentage_and_what_nobody_saw_is_a_gap(folder: Path) -> None:
    silent = states(folder)[story(folder, "no-traffic")["slo"], ()]
    assert (silent.health, silent.left) == (Health.NO_EVENTS, None)
    told = story(folder, "unseen")
    state = states(folder)[told["slo"], ()]
    with Warehouse(folder / "costwatch.db").read() as db:
        sli = slo_history(WarehouseSnapshot(db, state.now), state).sli
    gap = [at for at, share in sli if share is None]
    assert [gap[0].isoformat(), (gap[-1] + timedelta(hours=1)).isoformat()] == [told["start"], told["end"]]


def test_what_idles_may_be_cut_and_what_is_full_and_burnt_wants_money(folder: Path) -> None:
    config, found = load_config(folder / "costwatch.yaml"), states(folder)
    with Warehouse(folder / "costwatch.db").read() as db:
        facts = WarehouseSnapshot(db, datetime.fromisoformat(truth(folder)["now"]))
        rows = {one.name: one for one in reliability_cost(facts, found.values(), config.systems)}
    assert rows["feature store"].decision.advice is Advice.CUT
    assert rows["risk decisions"].decision.advice is Advice.SPEND
    assert rows["model server"].decision.advice is Advice.KEEP
    assert rows["checkout"].costs == {}
    assert all(one.costs for one in rows.values() if one.is_system)

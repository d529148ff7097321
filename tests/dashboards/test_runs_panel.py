"""Runs on Costs of kind kubernetes: as `cost runs` says, by what the page is narrowed to."""

from pathlib import Path

import pytest

from tests.made.opened_pages import Open
from tests.made.run_company import NOW, TEAMS, RunCompany

MODE = {"mode": "kubernetes"}


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = RunCompany(tmp_path_factory.mktemp("runs"))
    made.run(NOW)
    file = made.root / "costwatch.yaml"
    file.write_text(f"teams: {TEAMS}\n")
    return file


def test_runs_stand_with_their_cost_and_outcome(open_page: Open, training: Path) -> None:
    shown = open_page(training, "costs", NOW, **MODE, range="90d")
    assert "Runs — EffectiveCost; failed: ml $8.25 and $0.25 estimated" in shown.text
    # train-1 and exp-7, to the nano-unit as the bill was split.
    assert [str(cost) for cost in shown.numbers("run_cost")[:2]] == ["5.99999997", "4.499999926"]
    assert "exp-7 ml · job/train-a, job/train-b $4.50 failed 2026-10-06 00:07 UTC 0.0 18.0 ml" in shown.text
    assert "more; $1.50 of statefulset/trainer of no run; costwatch cost runs has all of them" in shown.text


def test_it_is_narrowed_as_the_page_is(open_page: Open, training: Path) -> None:
    shown = open_page(training, "costs", NOW, **MODE, namespace="shop", range="90d")
    assert "Requests against use" in shown.text
    assert "run_cost" not in shown.html


def test_what_is_not_billed_yet_is_marked(open_page: Open, training: Path) -> None:
    shown = open_page(training, "costs", NOW, **MODE, range="7d")
    assert "$0.75 estimated succeeded" in shown.text


def test_names_are_text_and_no_markup(open_page: Open, training: Path) -> None:
    shown = open_page(training, "costs", NOW, **MODE, range="90d")
    assert "<b>exp</b>" not in shown.html
    assert r"<b>exp</b>\x1b[31m" in shown.text

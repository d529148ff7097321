"""``costwatch presets``: what is listed, and that what is shown can be pasted."""

from pathlib import Path

import pytest

from collectors.measures.presets import presets
from collectors.measures.slo_presets import slo_presets
from costwatch.config import load_config
from tests.made.command_line import Costwatch


def test_the_list_has_a_line_for_each_and_says_which_are_verified(costwatch: Costwatch) -> None:
    answer = costwatch("presets", "list")
    head, *lines = answer.out.splitlines()
    assert head.split() == ["name", "unit", "labels", "verified", "what", "it", "measures"]
    assert [line.split()[0] for line in lines] == [*presets(), *slo_presets()]
    unverified = {"airflow", "decisions", "decision_latency"}
    assert {line.split()[0] for line in lines if "  no  " in line} == unverified
    listed = costwatch("presets", "list", "--json").json
    assert [(each["name"], each["unit"]) for each in listed] == [
        *((name, preset.unit) for name, preset in presets().items()),
        *((name, "SLO") for name in slo_presets()),
    ]


@pytest.mark.parametrize("name", presets())
def test_what_is_shown_is_a_source_when_it_is_pasted(name: str, costwatch: Costwatch, tmp_path: Path) -> None:
    shown = costwatch("presets", "show", name)
    assert f"Caveat: {presets()[name].caveat[:40]}" in shown.out
    (tmp_path / "costwatch.yaml").write_text(shown.out + "teams: [{name: risk}]\n")
    (source,) = load_config(tmp_path / "costwatch.yaml").sources
    (measure,) = source.measures  # type: ignore[attr-defined]
    assert (measure.name, measure.unit, measure.query) == (name, presets()[name].unit, presets()[name].query)


@pytest.mark.parametrize("name", slo_presets())
def test_an_slo_that_is_shown_is_a_file_of_slos(name: str, costwatch: Costwatch, tmp_path: Path) -> None:
    shown = costwatch("presets", "show", name)
    assert f"Caveat: {slo_presets()[name].caveat[:40]}" in shown.out
    (tmp_path / "slo.yaml").write_text(shown.out)
    (tmp_path / "costwatch.yaml").write_text("slos: [slo.yaml]\nteams: [{name: platform}]\n")
    (objective,) = load_config(tmp_path / "costwatch.yaml").objectives
    assert (objective.name, objective.team, objective.notes) == (name.replace("_", "-"), "platform", ())
    assert objective.grouping == slo_presets()[name].labels
    assert not objective.indicator.is_approximate


def test_measures_for_slis_name_the_slo_of_the_same() -> None:
    of_slis = {name: preset.slo for name, preset in presets().items() if "sli" in preset.use}
    assert of_slis.keys() == {"feast_fresh", "feast_latency", "flink_lag", "kafka_lag"}
    assert {*of_slis.values()} <= slo_presets().keys()


def test_an_slo_is_no_measure(costwatch: Costwatch, tmp_path: Path) -> None:
    measure = "{name: p, kind: promql, url: http://p:9090, measures: [{preset: model_latency}]}"
    (tmp_path / "costwatch.yaml").write_text(f"sources: [{measure}]\n")
    told = "preset 'model_latency' is an SLO; `costwatch presets show model_latency` prints its file"
    assert told in costwatch("check").out


def test_an_unknown_name_is_told_with_the_nearest(costwatch: Costwatch) -> None:
    answer = costwatch("presets", "show", "kafka_consumd")
    assert (answer.code, answer.err) == (
        2,
        "costwatch: preset 'kafka_consumd' does not exist; did you mean 'kafka_consumed'?\n",
    )
    assert "`costwatch presets list` shows all" in costwatch("presets", "show", "x" * 400).err

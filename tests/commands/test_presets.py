"""``costwatch presets``: what is listed, and that what is shown can be pasted."""

from pathlib import Path

import pytest

from collectors.measures.presets import presets
from costwatch.config import load_config
from tests.made.command_line import Costwatch


def test_the_list_has_a_line_for_each_and_says_which_are_verified(costwatch: Costwatch) -> None:
    answer = costwatch("presets", "list")
    head, *lines = answer.out.splitlines()
    assert head.split() == ["name", "unit", "labels", "verified", "what", "it", "measures"]
    assert [line.split()[0] for line in lines] == [*presets()]
    assert {line.split()[0] for line in lines if "  no  " in line} == {"airflow", "decisions"}
    listed = costwatch("presets", "list", "--json").json
    assert [(each["name"], each["unit"]) for each in listed] == [
        (name, preset.unit) for name, preset in presets().items()
    ]


@pytest.mark.parametrize("name", presets())
def test_what_is_shown_is_a_source_when_it_is_pasted(name: str, costwatch: Costwatch, tmp_path: Path) -> None:
    shown = costwatch("presets", "show", name)
    assert f"Caveat: {presets()[name].caveat[:40]}" in shown.out
    (tmp_path / "costwatch.yaml").write_text(shown.out + "teams: [{name: risk}]\n")
    (source,) = load_config(tmp_path / "costwatch.yaml").sources
    (measure,) = source.measures  # type: ignore[attr-defined]
    assert (measure.name, measure.unit, measure.query) == (name, presets()[name].unit, presets()[name].query)


def test_an_unknown_name_is_told_with_the_nearest(costwatch: Costwatch) -> None:
    answer = costwatch("presets", "show", "kafka_consumd")
    assert (answer.code, answer.err) == (
        2,
        "costwatch: preset 'kafka_consumd' does not exist; did you mean 'kafka_consumed'?\n",
    )
    assert "`costwatch presets list` shows all" in costwatch("presets", "show", "x" * 400).err

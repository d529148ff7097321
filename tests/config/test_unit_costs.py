"""Mistakes that no single unit cost shows, at their lines."""

from pathlib import Path

import pytest

from costwatch.config import check

CONFIG = """\
sources:
  - name: prom
    kind: others
    measures:
      - {name: predictions}
      - {preset: kafka_consumed}
      - {preset: feast_values, name: features}
teams:
  - {name: risk}
  - {name: commerce}
systems:
  - {name: model-server, team: risk, match: {tags: {app: models}}}
unit_costs:
  - %s
"""
RULES = """\
rules:
  - %s
route: {receiver: default}
receivers: [{name: default, kind: stdout}]
"""
GOOD = "{name: prediction, volume: predictions, where: {system: model-server}}"
_OTHERS = ("unknown kind", "no source brings measure_days")  # as no such kind is installed


def mistakes(folder: Path, unit_cost: str = GOOD, rule: str = "", config: str = CONFIG) -> list[str]:
    """What is said of ``unit_costs`` and of rules, whatever kinds of sources are installed."""
    (folder / "costwatch.yaml").write_text(config % unit_cost)
    good = "{name: R, kind: unit_cost, unit_cost: prediction, above: 1}"
    (folder / "alerts.yaml").write_text(RULES % (rule or good))
    found = [line.partition(".yaml:")[2] for line in check(folder / "costwatch.yaml")]
    return [line for line in found if not any(part in line for part in _OTHERS)]


UNIT_COSTS = {
    "good": (GOOD, []),
    "a volume by its preset": ("{name: m, volume: kafka_consumed}", []),
    "a volume that is called otherwise than its preset": ("{name: f, volume: features}", []),
    "a volume that nothing brings": (
        "{name: p, volume: prediction}",
        ["14: no source brings 'prediction'; did you mean 'predictions'?"],
    ),
    "a preset that is called otherwise": (
        "{name: f, volume: feast_values}",
        ["14: no source brings 'feast_values'; did you mean 'features'?"],
    ),
    "a label that cost has not": (
        "{name: p, volume: predictions, where: {sistem: model-server}}",
        ["14: 'sistem': 'sistem' is no label of cost; use system or team"],
    ),
    "a system that there is not": (
        "{name: p, volume: predictions, where: {system: model-sever}}",
        ["14: no system is called 'model-sever'; did you mean 'model-server'?"],
    ),
    "one of several teams": (
        "{name: p, volume: predictions, where: {team: [risk, rsk]}}",
        ["14: no team is called 'rsk'; did you mean 'risk'?"],
    ),
    "what only a bill knows": ("{name: p, volume: predictions, where: {service: Anything}}", []),
    "the same name twice": (
        f"{GOOD}\n  - {GOOD}",
        ["15: unit cost 'prediction' is also on line 14; rename one"],
    ),
}


@pytest.mark.parametrize(("unit_cost", "expected"), UNIT_COSTS.values(), ids=UNIT_COSTS)
def test_unit_costs(tmp_path: Path, unit_cost: str, expected: list[str]) -> None:
    rule = "{name: R, kind: threshold, above: 1}"
    assert mistakes(tmp_path, unit_cost, rule) == expected


def test_files_may_bring_any_measure(tmp_path: Path) -> None:
    config = CONFIG.replace("others", "measure_files")
    rule = "{name: R, kind: threshold, above: 1}"
    found = mistakes(tmp_path, "{name: p, volume: whatever}", rule, config)
    assert not [line for line in found if "whatever" in line]


ALERTS = {
    "good": ("{name: R, kind: unit_cost, unit_cost: prediction, above: 1}", []),
    "a unit cost that there is not": (
        "{name: R, kind: unit_cost, unit_cost: predicton, above: 1}",
        ["2: no unit cost is called 'predicton'; did you mean 'prediction'?"],
    ),
    "a measure that nothing brings": (
        "{name: R, kind: threshold, metric: measure, match: {measure: predicted}, above: 1}",
        ["2: no measure is called 'predicted'; did you mean 'predictions'?"],
    ),
}


@pytest.mark.parametrize(("rule", "expected"), ALERTS.values(), ids=ALERTS)
def test_rules_of_them(tmp_path: Path, rule: str, expected: list[str]) -> None:
    assert mistakes(tmp_path, rule=rule) == expected

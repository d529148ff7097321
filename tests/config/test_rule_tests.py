"""Tests in a rules file that could prove nothing are mistakes, each told at its line."""

from pathlib import Path

import pytest

from costwatch.config import check

CONFIG = "teams: [{name: ml}, {name: db}]\nsources: [{name: aws, kind: exports, location: bills}]\n"
HEAD = """\
route: {receiver: out}
receivers: [{name: out, kind: stdout}]
rules: [{name: Spend, kind: threshold, by: [team], above: 5, labels: {env: prod}}]
tests:
  - name: a test
"""
DATA = "    data: {cost: [{team: ml, from: 2026-11-01, values: 1x3}]}\n"
EXPECT = "    expect: [{rule: Spend}]\n"
AT = "    at: 2026-11-23T09:00:00Z\n"

_TEAM = "labels: {team: ml, env: prod}, state: none"
_OTHER = "measure: [{measure: x, 'label:a': b, from: 2026-11-01, values: 1}]"
RIGHT = {
    "a day": f"    at: 2026-11-23\n{DATA}{EXPECT}",
    "an offset": f"    at: 2026-11-23T09:00:00+02:00\n{DATA}{EXPECT}",
    "an interval": f"{AT}    interval: 6h\n{DATA}{EXPECT}",
    "labels of the rule": f"{AT}{DATA}    expect: [{{rule: Spend, {_TEAM}}}]\n",
    "its own labels": f"{AT}{DATA}    expect: [{{rule: Spend, labels: {{rule: Spend, severity: ticket}}}}]\n",
    "another fact": f"{AT}    data: {{{_OTHER}}}\n{EXPECT}",
}
WRONG = {
    "an unknown rule": (
        f"{AT}{DATA}    expect:\n      - {{rule: Spnd}}\n",
        "9: no rule is called 'Spnd'; did you mean 'Spend'?",
    ),
    "a label that alerts of the rule cannot have": (
        f"{AT}{DATA}    expect:\n      - rule: Spend\n        labels: {{service: EC2}}\n",
        "10: no alert of this rule has a label 'service'; known here: env, rule, severity, team",
    ),
    "an unknown team": (
        f"{AT}{DATA}    expect:\n      - {{rule: Spend, labels: {{team: mll}}}}\n",
        "9: no team is called 'mll'; did you mean 'ml'?",
    ),
    "another rule's name": (
        f"{AT}{DATA}    expect:\n      - {{rule: Spend, labels: {{severity: pag}}}}\n",
        "9: no severity is called 'pag'",
    ),
    "an unknown state": (
        f"{AT}{DATA}    expect: [{{rule: Spend, state: fireing}}]\n",
        "8: 'state' must be one of 'firing', 'pending', 'resolved' or 'none', not 'fireing'; did",
    ),
    "more of what is not there": (
        f"{AT}{DATA}    expect: [{{rule: Spend, state: none, summary: x}}]\n",
        "8: state: none says nothing; leave summary, value and annotations out",
    ),
    "nothing expected": (f"{AT}{DATA}    expect: []\n", "8: expect holds no alert; write one, of state none"),
    "an unknown query": (
        f"{AT}    data:\n      costs: [{{from: 2026-11-01, values: 1}}]\n{EXPECT}",
        "8: no query is named 'costs'; use ",
    ),
    "a label that no cost has": (
        f"{AT}    data:\n      cost:\n        - {{taem: ml, from: 2026-11-01, values: 1}}\n{EXPECT}",
        "9: EffectiveCost: no label is named 'taem'; use team",
    ),
    "a team that costs nothing": (
        f"{AT}    data:\n      cost:\n        - {{team: dbb, from: 2026-11-01, values: 1}}\n{EXPECT}",
        "9: no team is called 'dbb'; did you mean 'db'?",
    ),
    "no notation": (
        f"{AT}    data:\n      cost:\n        - {{team: db, from: 2026-11-01, values: 1 to 5}}\n{EXPECT}",
        "9: 'values' must hold values such as 1000x17, 1+2x5, _x3 or stale, not '1 to 5'; 'to' is none",
    ),
    "a list of values": (
        f"{AT}    data:\n      cost:\n        - {{team: db, from: 2026-11-01, values: [1, 2]}}\n{EXPECT}",
        "9: 'values' must be text, not a list",
    ),
    "no day": (f"    at: yesterday\n{DATA}{EXPECT}", "6: 'at' must be a day or an instant such as"),
    "data of tomorrow": (
        f"    at: 2026-10-23\n{DATA}{EXPECT}",
        "6: at is before the first value, of 2026-11-01; write a later instant",
    ),
    "no data": (f"{AT}    data: {{}}\n{EXPECT}", "7: data holds no series; give one, such as"),
    "too short an interval": (f"{AT}    interval: 1s\n{DATA}{EXPECT}", "7: 'interval' must be at least 1m"),
    "too many evaluations": (
        f"{AT}    interval: 1m\n{DATA}{EXPECT}",
        "7: interval would make 32,220 evaluations, more than 5,000; write a longer one",
    ),
    "a test twice": (
        f"{AT}{DATA}{EXPECT}  - name: a test\n{AT}{DATA}{EXPECT}",
        "9: test 'a test' is also on line 5; rename one",
    ),
    "an unknown key": (
        f"{AT}{DATA}    expects: []\n{EXPECT}",
        "8: unknown key 'expects'; did you mean 'expect'?",
    ),
}


def mistakes(folder: Path, test: str) -> list[str]:
    (folder / "costwatch.yaml").write_text(CONFIG)
    (folder / "alerts.yaml").write_text(HEAD + test)
    return [each.removeprefix(f"{folder}/alerts.yaml:") for each in check(folder / "costwatch.yaml")]


@pytest.mark.parametrize("case", RIGHT)
def test_is_right(tmp_path: Path, case: str) -> None:
    assert mistakes(tmp_path, RIGHT[case]) == []


@pytest.mark.parametrize("case", WRONG)
def test_is_told_at_its_line(tmp_path: Path, case: str) -> None:
    text, expected = WRONG[case]
    (found,) = mistakes(tmp_path, text)
    assert found.startswith(expected)

"""Ways to mistype a rules file: each is refused at its line, with the nearest that is right."""

from pathlib import Path

import pytest

from costwatch.config import check

CONFIG = """\
teams: [{name: payments}, {name: platform}]
sources: [{name: aws, kind: exports, location: bills}]
budgets: [{team: payments, amount: 100}]
"""
ALERTS = """\
receivers:
  - name: default
    kind: stdout
  - name: oncall
    kind: stdout
route:
  receiver: default
  group_by: [rule, team]
  routes:
    - matchers: ['severity="page"', 'team=~"pay.*"']
      receiver: oncall
rules:
  - name: Spend
    kind: threshold
    by: [team]
    match: {team: payments}
    above: 5000
    for: 2d
    severity: page
    annotations:
      ask: who runs {team}?
  - name: Budget
    kind: budget
    teams: [payments]
    at: [0.8, 1.0]
  - name: Stale
    kind: freshness
    source: aws
    max_age: 30h
"""
# What is mistyped -> what is written, what stands there instead, and what is said.
MISTYPED = {
    "a key": ("above: 5000", "abvoe: 5000", "17: unknown key 'abvoe'; did you mean 'above'?"),
    "a kind": ("kind: budget", "kind: budgte", "23: unknown kind 'budgte'; did you mean 'budget'?"),
    "a type": ("at: [0.8, 1.0]", "at: 0.8", "25: 'at' must be a list, not '0.8'"),
    "a unit": ("above: 5000", "above: 5k", "17: 'above' must be a number, not '5k'; write 5000"),
    "a percentage": (
        "at: [0.8, 1.0]",
        "at: [80, 100]",
        "25: item 1 of 'at' must be at most 10, not '80'; write 0.8",
    ),
    "a team": (
        "team: payments}",
        "team: paymnets}",
        "16: no team is called 'paymnets'; did you mean 'payments'?",
    ),
    "a team of a budget": ("teams: [payments]", "teams: [platform]", "24: no budget is of team 'platform'"),
    "a receiver": (
        "receiver: oncall",
        "receiver: onclal",
        "11: no receiver is called 'onclal'; did you mean 'oncall'?",
    ),
    "a source": ("source: aws", "source: awz", "28: no source is called 'awz'; did you mean 'aws'?"),
    "an expression": ('"pay.*"', '"pay("', "10: item 2 of 'matchers': 'pay(' is no regular expression"),
    "an expression that RE2 has not": (
        '"pay.*"',
        '"(?!pay).*"',
        "10: item 2 of 'matchers': '(?!pay).*' is no regular",
    ),
    "an expression of endless length": (
        '"pay.*"',
        '"a{99999999999999999999}"',
        "10: item 2 of 'matchers': 'a{9999",
    ),
    "a matcher that nothing meets": ('"pay.*"', '"pya.*"', "10: 'team=~\"pya.*\"' fits no team; "),
    "a severity that a route waits for": (
        "'severity=\"page\"'",
        "'severity=\"pgae\"'",
        "10: no severity is called 'pgae'",
    ),
    "a label that a route waits for": (
        "team=~",
        "taem=~",
        "10: no alert has a label 'taem'; did you mean 'team'?",
    ),
    "a label to group by": (
        "group_by: [rule, team]",
        "group_by: [rule, tema]",
        "8: no alert has a label 'tema'",
    ),
    "a duration": (
        "for: 2d",
        "for: 2 days",
        "18: 'for' must be a duration such as 15m, 2h or 1d, not '2 days'; write 48h",
    ),
    "a duration without a unit": (
        "max_age: 30h",
        "max_age: 30",
        "29: 'max_age' must be a duration such as 15m, 2h or 1d",
    ),
    "a severity": (
        "severity: page\n",
        "severity: pgae\n",
        "19: 'severity' must be one of 'page', 'ticket' or 'info'",
    ),
    "a name twice": ("name: Budget", "name: Spend", "22: rule 'Spend' is also on line 13; rename one"),
    "a name with a space": ("name: Budget", "name: My budget", "22: 'name' must be "),
    "a label that is the rule's own": (
        "    severity: page\n",
        "    labels:\n      severity: page\n",
        "20: 'severity' is what every alert has of its rule; write 'severity' beside 'labels'",
    ),
    "a placeholder": (
        "{team}",
        "{taem}",
        "21: 'ask': no alert of this rule has a label 'taem'; did you mean 'team'?",
    ),
    "a placeholder of another rule": (
        "{team}",
        "{source}",
        "21: 'ask': no alert of this rule has a label 'source'",
    ),
    "a template": (
        "{team}",
        "{{ $labels.team }}",
        "21: 'ask': templates are not filled in; name a label in braces",
    ),
    "a label to tell apart by": (
        "by: [team]",
        "by: [taem]",
        "15: item 1 of 'by': 'taem' is no label; use team",
    ),
    "what can never be": ("above: 5000", "above: -1", "17: 'above' must be at least 0, not '-1'"),
    "nothing to fire on": ("    above: 5000\n", "", "13: give 'above', 'below' or both"),
    "a tab": ("    above: 5000", "\tabove: 5000", "17: a tab indents this line; use spaces"),
    "an indent": (
        "    above: 5000",
        "   above: 5000",
        "17: this line is not indented like its neighbours; align it",
    ),
    "a missing space": ("above: 5000", "above:5000", "18: "),
    "a missing quote": ("'severity=\"page\"'", '\'severity="page"', "10: "),
    "a key twice": (
        "    by: [team]\n",
        "    by: [team]\n    by: [team]\n",
        "16: 'by' is given twice; keep one",
    ),
    "a section": ("receivers:", "recievers:", "1: unknown key 'recievers'; did you mean 'receivers'?"),
    "a list": ("  - name: Budget", "    name: Budget", "22: 'name' is given twice; keep one"),
}


def mistakes(folder: Path, alerts: str) -> list[str]:
    (folder / "costwatch.yaml").write_text(CONFIG)
    (folder / "alerts.yaml").write_text(alerts)
    return [each.removeprefix(f"{folder}/alerts.yaml:") for each in check(folder / "costwatch.yaml")]


def test_the_file_is_right(tmp_path: Path) -> None:
    assert mistakes(tmp_path, ALERTS) == []


@pytest.mark.parametrize("case", MISTYPED)
def test_is_refused_at_its_line(tmp_path: Path, case: str) -> None:
    written, instead, expected = MISTYPED[case]
    assert written in ALERTS
    found = mistakes(tmp_path, ALERTS.replace(written, instead, 1))
    assert [each for each in found if each.startswith(expected)]


_ROUTES = ALERTS[: ALERTS.index("    - matchers")]
_RULES = ALERTS[ALERTS.index("rules:\n") :]
# Routes, from line 10 on -> what is said of them.
NEVER_REACHED = {
    "one behind another that takes all": (
        "    - {receiver: oncall}\n    - {receiver: default, matchers: [team=payments]}\n",
        "11: no alert comes to this route: the one on line 10 takes all of them; move it up",
    ),
    "one behind another with fewer conditions": (
        "    - {matchers: ['severity=\"page\"']}\n    - {matchers: ['{severity=page, team=payments}']}\n",
        "11: no alert comes to this route: the one on line 10 takes all of them",
    ),
    "one behind an expression that takes all": (
        "    - {matchers: ['team=~\".*\"']}\n    - {matchers: [team=payments]}\n",
        "11: no alert comes to this route: the one on line 10 takes all of them",
    ),
    "one that is muted whenever it is active": (
        "    - {mute_time_intervals: [nights], active_time_intervals: [nights]}\n"
        "time_intervals: [{name: nights, time_intervals: [{weekdays: [monday]}]}]\n",
        "10: this route never tells anyone: 'nights' is among its active_time_intervals, too; remove one",
    ),
    "all labels and one of them": (
        "    - {matchers: [team=payments], group_by: ['...', team]}\n",
        "10: 'group_by': '...' is all labels; write it alone, or name some",
    ),
    "one that wants two values": (
        "    - {matchers: [team=payments, team=platform]}\n",
        "10: no alert comes to this route: it and those above it want two values of 'team'; remove one",
    ),
    "one that wants another value than the one above": (
        "    - matchers: [severity=page]\n      routes:\n        - {matchers: [severity=ticket]}\n",
        "12: no alert comes to this route: it and those above it want two values of 'severity'",
    ),
    "a label that rules give other values": (
        "    - {matchers: [env=prdo]}\n",
        "10: no env is called 'prdo'; did you mean 'prod'?",
    ),
}
REACHED = {
    "one behind another that goes on": "    - {continue: true}\n    - {matchers: [team=payments]}\n",
    "one behind another with other conditions": (
        "    - {matchers: [team=payments]}\n    - {matchers: [severity=page]}\n"
    ),
    "two expressions on one label": (
        "    - {matchers: ['team=~\"p.*\"', team=payments, 'team!=\"platform\"']}\n"
    ),
    "a label that rules give": "    - {matchers: [env=prod]}\n",
    "a label that alerts on costwatch have": "    - {matchers: [receiver=default]}\n",
}


@pytest.mark.parametrize("case", NEVER_REACHED)
def test_a_route_that_no_alert_comes_to_is_a_mistake(tmp_path: Path, case: str) -> None:
    routes, expected = NEVER_REACHED[case]
    text = _ROUTES + routes + "defaults: {labels: {env: prod}}\n" + _RULES
    (found,) = mistakes(tmp_path, text)
    assert found.startswith(expected)


@pytest.mark.parametrize("case", REACHED)
def test_any_other_route_is_right(tmp_path: Path, case: str) -> None:
    assert mistakes(tmp_path, _ROUTES + REACHED[case] + "defaults: {labels: {env: prod}}\n" + _RULES) == []

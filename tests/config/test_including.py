"""Files that include others: their entries are taken in, their mistakes told where they stand."""

from pathlib import Path

import pytest

from costwatch.config import check, load_alerts, load_config, load_kept_alerts
from costwatch.config.names import NO_NAMES

HEAD = "route: {receiver: out}\nreceivers: [{name: out, kind: stdout}]\n"
RULE = "{name: %s, kind: threshold, above: 5}"


def folder_of(folder: Path, files: dict[str, str]) -> Path:
    for name, text in {"costwatch.yaml": "teams: [{name: ml}]\n", "alerts.yaml": HEAD, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def mistakes(folder: Path, files: dict[str, str]) -> list[str]:
    return [each.replace(f"{folder}/", "") for each in check(folder_of(folder, files) / "costwatch.yaml")]


def test_rules_of_several_files_are_one_list(tmp_path: Path) -> None:
    files = {
        "alerts.yaml": f"include: [rules.d/*.yaml, more.yaml]\n{HEAD}rules: [{RULE % 'A'}]\n",
        "rules.d/b.yaml": f"rules:\n  - {RULE % 'B'}\n",
        "rules.d/c.yaml": f"rules:\n  - {RULE % 'C'}\ntests:\n",
        "rules.d/.hidden.yaml": "nonsense",
        "rules.d/notes.txt": "nonsense",
        "more.yaml": "# nothing yet\n",
    }
    assert mistakes(tmp_path, files) == []
    alerts = load_alerts(tmp_path / "alerts.yaml")
    assert [rule.name for rule in alerts.rules] == ["A", "B", "C"]
    assert alerts.include == ("rules.d/*.yaml", "more.yaml")


def test_a_team_adds_itself_and_its_budget_in_a_file_of_its_own(tmp_path: Path) -> None:
    files = {
        "costwatch.yaml": "teams: [{name: ml}]\ninclude: [budgets.d/*.yaml]\n",
        "budgets.d/db.yaml": "teams: [{name: db}]\nbudgets: [{team: db, amount: 100}]\n",
        "budgets.d/ml.yaml": "budgets:\n  - {team: ml, amount: 100}\n  - {team: mll, amount: 100}\n",
    }
    assert mistakes(tmp_path, files) == ["budgets.d/ml.yaml:3: no team is called 'mll'; did you mean 'ml'?"]
    folder_of(tmp_path, files | {"budgets.d/ml.yaml": "budgets: [{team: ml, amount: 7}]\n"})
    config = load_config(tmp_path / "costwatch.yaml")
    assert [(budget.team, budget.amount) for budget in config.budgets] == [("db", 100), ("ml", 7)]
    assert [team.name for team in config.teams] == ["ml", "db"]


TOLD = {
    "a name in two files": (
        {
            "alerts.yaml": f"include: [r/*.yaml]\n{HEAD}rules:\n  - {RULE % 'A'}\n",
            "r/a.yaml": f"rules:\n  - {RULE % 'A'}\n",
        },
        "r/a.yaml:2: rule 'A' is also on line 5 of alerts.yaml; rename one",
    ),
    "a name in two included files": (
        {"r/a.yaml": f"rules:\n  - {RULE % 'A'}\n", "r/b.yaml": f"\nrules:\n  - {RULE % 'A'}\n"},
        "r/b.yaml:3: rule 'A' is also on line 2 of r/a.yaml; rename one",
    ),
    "an unknown kind": (
        {"r/a.yaml": "rules:\n  - name: A\n    kind: thrshold\n"},
        "r/a.yaml:3: unknown kind 'thrshold'; did you mean 'threshold'?",
    ),
    "a wrong value": (
        {"r/a.yaml": "rules:\n  - {name: A, kind: threshold, above: 5,\n     for: 2 days}\n"},
        "r/a.yaml:3: 'for' must be a duration such as 15m, 2h or 1d, not '2 days'; write 48h",
    ),
    "a section that stays in the main file": (
        {"r/a.yaml": "rules: []\nroutes: []\n"},
        "r/a.yaml:2: unknown key 'routes' in an included file; did you mean 'rules'?",
    ),
    "an include in an included file": (
        {"r/a.yaml": "include: [b.yaml]\n"},
        "r/a.yaml:1: unknown key 'include' in an included file; known here: rules, tests",
    ),
    "no list": ({"r/a.yaml": "rules: {a: b}\n"}, "r/a.yaml:1: 'rules' must be a list, as in the file that"),
    "a list as a file": ({"r/a.yaml": "- a\n"}, "r/a.yaml:1: must be a mapping of keys to values"),
    "a tab": ({"r/a.yaml": "rules:\n\t- a\n"}, "r/a.yaml:2: a tab indents this line; use spaces"),
    "a secret": ({"r/a.yaml": "rules: []\ntests: [xoxb-1234567]\n"}, "r/a.yaml:2: item 1 of 'tests': "),
    "a pattern that fits nothing": ({}, "alerts.yaml:1: no file below "),
    "a pattern that leaves the folder": (
        {"alerts.yaml": f"include: [../*.yaml]\n{HEAD}"},
        "alerts.yaml:1: '../*.yaml' leaves the folder of this file; name files below it",
    ),
    "an absolute pattern": (
        {"alerts.yaml": f"include:\n  - /etc/*.yaml\n{HEAD}"},
        "alerts.yaml:2: '/etc/*.yaml' leaves the folder of this file; name files below it",
    ),
    "the file itself": (
        {"alerts.yaml": f"include: ['alerts.*']\n{HEAD}"},
        "alerts.yaml:1: 'alerts.*' fits this file itself; give the others a folder",
    ),
    "a text for a list": (
        {"alerts.yaml": f"include: r/*.yaml\n{HEAD}"},
        "alerts.yaml:1: 'include' must be a list",
    ),
    "too many folders": (
        {"alerts.yaml": f"include: ['{'*/' * 300}*']\n{HEAD}"},
        "alerts.yaml:1: '*/*/*/",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_mistakes_are_told_by_file_and_line(tmp_path: Path, case: str) -> None:
    files, expected = TOLD[case]
    found = mistakes(tmp_path, {"alerts.yaml": f"include: [r/*.yaml]\n{HEAD}"} | files)
    assert [each for each in found if each.startswith(expected)]
    assert len(found) <= 2


def test_a_link_that_leaves_the_folder_is_not_followed(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secrets.yaml").write_text("rules: []\n")
    (inner / "r").mkdir()
    (inner / "r" / "a.yaml").symlink_to(tmp_path / "secrets.yaml")
    (found,) = mistakes(inner, {"alerts.yaml": f"include: [r/*.yaml]\n{HEAD}"})
    assert found == "alerts.yaml:1: 'a.yaml' is a link that leaves the folder of this file; copy it"


def test_what_rules_share_stands_once(tmp_path: Path) -> None:
    files = {
        "alerts.yaml": "defaults: {severity: page, for: 2h, labels: {env: prod, tier: '1'}, no_data: ok}\n"
        f"{HEAD}rules:\n  - {RULE % 'A'}\n"
        "  - {name: B, kind: threshold, above: 5, for: 0s, labels: {tier: '2'}, state: estimated}\n"
        "  - {name: C, kind: freshness, max_age: 1h, severity: info}\n",
    }
    assert mistakes(tmp_path, files) == []
    a, b, c = load_alerts(tmp_path / "alerts.yaml").rules
    assert [rule.severity for rule in (a, b, c)] == ["page", "page", "info"]
    assert [rule.for_.total_seconds() for rule in (a, b, c)] == [7200, 0, 7200]
    assert [dict(rule.labels) for rule in (a, b)] == [
        {"env": "prod", "tier": "1"},
        {"env": "prod", "tier": "2"},
    ]
    assert c.no_data == "ok"


def test_mistakes_in_what_rules_share_are_told_once(tmp_path: Path) -> None:
    text = f"defaults:\n  severity: pgae\n  abve: 5\n  name: X\n{HEAD}rules: [{RULE % 'A'}, {RULE % 'B'}]\n"
    severity, abve, name = mistakes(tmp_path, {"alerts.yaml": text})
    assert severity.startswith(
        "alerts.yaml:2: 'severity' must be one of 'page', 'ticket' or 'info', not 'pgae'"
    )
    assert abve.startswith("alerts.yaml:3: unknown key 'abve'")
    assert name.startswith("alerts.yaml:4: unknown key 'name'")


def test_all_files_are_kept_as_one_text(tmp_path: Path) -> None:
    odd = "\u2028 \U0001f642 \x85 {team} 'x' \\\\ 012"
    files = {
        "alerts.yaml": f'include: [r/*.yaml]\ndefaults: {{annotations: {{a: "{odd}"}}}}\n{HEAD}fallback:\n',
        "r/a.yaml": "rules: [{name: A, kind: threshold, above: 007, by: [team]}]\n",
    }
    assert mistakes(tmp_path, files) == []
    alerts = load_alerts(tmp_path / "alerts.yaml")
    again = load_kept_alerts(alerts.text, tmp_path / "alerts.yaml", NO_NAMES)
    assert (again.rules, again.route, again.receivers) == (alerts.rules, alerts.route, alerts.receivers)
    assert load_kept_alerts(HEAD, tmp_path / "alerts.yaml", NO_NAMES).rules == ()  # as older versions kept it

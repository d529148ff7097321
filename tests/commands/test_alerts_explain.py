"""Why rules did or did not fire, where alerts go, and what became of them: as people read it."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.made.command_line import ALERTS, EVIL, Costwatch

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
NOW = ("--now", "2026-10-31T12:00:00Z")  # a Saturday
LATER = ("--now", "2026-11-01T00:00:00Z")
RULES = """\
rules:
  - {name: StaleData, kind: freshness, max_age: 30h, max_data_age: 60d}
  - {name: Spend, kind: threshold, by: [team], window: 3d, above: 5, severity: page, runbook: "https://run.example/spend"}
  - {name: Patient, kind: threshold, by: [team], window: 3d, above: 5, for: 2d}
  - {name: Small, kind: threshold, by: [team], window: 3d, above: 5, min_impact: 1000}
  - {name: Early, kind: threshold, by: [team], above: 5, settle: estimated, no_data: alert}
  - {name: Nothing, kind: threshold, by: [team, service], match: {service: Amazon Simple Storage}, above: 5}
  - {name: Inhibited, kind: threshold, by: [team], window: 3d, above: 6, labels: {kind: copy}}
route:
  receiver: default
  group_by: [rule]
  group_wait: 30s
  routes:
    - {matchers: ['severity="page"'], receiver: oncall, continue: true, mute_time_intervals: [weekend]}
    - {matchers: ['team="risk"', 'kind=~"copy|paste"'], receiver: desk, group_by: [...], repeat_interval: 4h}
    - {matchers: ['team=~"risk|pay.*"'], receiver: default}
inhibit_rules:
  - {source_matchers: [rule=Spend], target_matchers: [rule=Inhibited], equal: [team]}
time_intervals:
  - {name: weekend, time_intervals: [{weekdays: ['saturday:sunday']}]}
receivers:
  - {name: default, kind: stdout}
  - {name: oncall, kind: stdout}
  - {name: desk, kind: stdout}
"""


@pytest.fixture
def evaluated(costwatch: Costwatch, company: Path) -> Costwatch:
    """Where these rules were evaluated, and their alerts told."""
    (company / "alerts.yaml").write_text(RULES)
    for step, now in (("eval", NOW), ("deliver", NOW), ("deliver", ("--now", "2026-10-31T12:01:00Z"))):
        assert costwatch(*now, "alerts", step).code == 0
    return costwatch


def fingerprint(costwatch: Costwatch, rule: str, team: str = "risk") -> str:
    listed = costwatch(*NOW, "alerts", "list", "--rule", rule, "--team", team, "--json").json
    return str(listed[0]["fingerprint"])


def matches_golden(costwatch: Costwatch, name: str, commands: Sequence[Sequence[str]]) -> None:
    """Compare what these commands print with a golden file; COSTWATCH_GOLDEN=write writes it anew."""
    parts = []
    for words in commands:
        answer = costwatch(*LATER, "alerts", *words)
        parts.append(f"$ costwatch alerts {' '.join(words)}\n{answer.err}{answer.out}")
    told, file = "\n".join(parts), GOLDEN / name
    if os.environ.get("COSTWATCH_GOLDEN") == "write":
        file.write_text(told, encoding="utf-8")
    assert told == file.read_text(encoding="utf-8")


def test_why_rules_fire_or_do_not(evaluated: Costwatch) -> None:
    spend = fingerprint(evaluated, "Spend")
    evaluated(*NOW, "alerts", "ack", spend, "--who", "ann", "--comment", "on it")
    rules = ("StaleData", "Spend", "Patient", "Small", "Early", "Nothing", "Inhibited")
    asked = [["explain", rule] for rule in rules]
    asked += [
        ["explain", "Spend", "team=risk"],
        ["explain", "Spend", "team=rsk"],
        ["explain", "Spend", "tem=risk"],
    ]
    matches_golden(evaluated, "alerts-explain.txt", [*asked, ["explain", "Spent"]])


def test_the_manual_shows_what_is_printed() -> None:
    (shown,) = re.findall(r"```\n(Patient .*?)```", (ROOT / "docs" / "alerts.md").read_text(), re.DOTALL)
    assert shown in (GOLDEN / "alerts-explain.txt").read_text()


def test_where_alerts_go_and_why_not_elsewhere(evaluated: Costwatch) -> None:
    asked = [
        ["routes"],
        ["routes", "severity=page", "team=risk"],
        ["routes", "severity=ticket", "team=risk", "kind=copy"],
        ["routes", "team=payment"],
    ]
    matches_golden(evaluated, "alerts-routes.txt", asked)


def test_what_became_of_an_alert_and_all_of_it(evaluated: Costwatch) -> None:
    spend, patient = fingerprint(evaluated, "Spend"), fingerprint(evaluated, "Inhibited")
    ann = ("--who", "ann")
    evaluated(*NOW, "alerts", "ack", spend, *ann, "--comment", "on it")
    evaluated(*NOW, "alerts", "silence", "team=risk", *ann, "--for", "2d", "--comment", "a load test")
    evaluated(*NOW, "alerts", "expect", spend, *ann, "--for", "2d", "--reason", EVIL)
    evaluated(*NOW, "alerts", "feedback", spend, "noise", *ann, "--comment", "nobody can act on it")
    asked = [
        ["list"],
        ["list", "--muted", "team=risk"],
        ["list", "--state", "pending"],
        ["list", "--rule", "Spnd"],
    ]
    asked += [
        ["show", spend],
        ["show", patient],
        ["history", spend],
        ["history", "Spend"],
        ["history", "--last", "5m"],
    ]
    matches_golden(evaluated, "alerts-told.txt", asked)


def test_programs_get_the_same(evaluated: Costwatch) -> None:
    spend = fingerprint(evaluated, "Spend")
    evaluated(*NOW, "alerts", "ack", spend, "--who", "ann", "--comment", EVIL)
    shown = evaluated(*NOW, "alerts", "show", spend, "--json").json
    assert (shown["rule"], shown["receivers"], shown["ack"]["comment"]) == (
        "Spend",
        ["oncall", "default"],
        EVIL,
    )
    assert [muted["name"] for muted in shown["muted_by"]] == ["weekend"]
    assert [entry["who"] for entry in shown["messages"]] == ["default"]
    history = evaluated(*NOW, "alerts", "history", spend, "--json").json
    assert [entry["what"] for entry in history] == ["fired", "ack", "told"]
    explained = evaluated(*NOW, "alerts", "explain", "Spend", "team=risk", "--json").json
    assert [(one["state"], one["receivers"]) for one in explained["findings"]] == [
        ("firing", ["oncall", "default"])
    ]
    routes = evaluated(*NOW, "alerts", "routes", "--json").json
    assert [route["is_muted_now"] for route in routes["routes"]] == [False, True, False, False]
    chosen = {alert["fingerprint"]: alert["routes"] for alert in routes["alerts"]}[spend]
    assert [route["outcome"] for route in chosen] == ["passes it on", "takes it", "no", "takes it"]


def test_nothing_is_stored_by_asking(evaluated: Costwatch, company: Path) -> None:
    (database,) = company.rglob("costwatch.db")
    before = database.read_bytes()
    for words in (("explain", "Spend"), ("routes",), ("history",), ("list",)):
        assert evaluated(*LATER, "alerts", *words).code == 0
    assert database.read_bytes() == before


HOSTILE = """\
rules:
  - {name: Region, kind: threshold, by: [team, region], window: 3d, above: 1, labels: {a: "<!here> \\u202e"}}
  - {name: Cut, kind: threshold, by: [team, region], window: 3d, above: 1, for: 90d}
route: {receiver: default, group_by: [...]}
receivers: [{name: default, kind: stdout}]
"""


def test_what_others_wrote_cannot_steer_a_terminal(costwatch: Costwatch, company: Path) -> None:
    (company / "alerts.yaml").write_text(HOSTILE)
    for step in ("eval", "deliver"):
        assert costwatch(*NOW, "alerts", step).code == 0
    listed = costwatch(*NOW, "alerts", "list", "--rule", "Region", "--json").json
    (evil,) = [alert["fingerprint"] for alert in listed if alert["labels"].get("region") == EVIL]
    words = ("--who", EVIL, "--comment", f"{EVIL}\r\n\u202e<b>")
    asked = [
        ["ack", evil, *words],
        ["silence", "team=risk", "--for", "1h", *words],
        ["feedback", evil, "noise", *words],
    ]
    asked += [["expect", evil, "--for", "1h", *words], ["silence", f"team={EVIL}", "--for", "1h", *words]]
    asked += [["list"], ["show", evil], ["history"], ["routes"], ["explain", "Region"], ["silence", "--list"]]
    asked += [
        ["explain", "Cut"],
        ["explain", "Region", f"region={EVIL}"],
        ["explain", EVIL],
        ["routes", f"team={EVIL}"],
    ]
    asked += [["history", EVIL], ["show", EVIL], ["ack", EVIL], ["expire", EVIL], ["list", "--team", EVIL]]
    for command in asked:
        for more in (
            ((), ("--json",)) if command[0] in ("list", "show", "history", "routes", "explain") else ((),)
        ):
            told = costwatch("-v", *NOW, "alerts", *command, *more)
            lines = (told.out + told.err).splitlines()
            assert told.code in (0, 2), command
            assert all(line.isprintable() for line in lines), command


def test_a_rule_that_cannot_be_evaluated_says_why(costwatch: Costwatch, company: Path) -> None:
    (company / "alerts.yaml").write_text(ALERTS)
    assert "never evaluated so far" in costwatch(*NOW, "alerts", "explain", "Spend").out


MANY = """\
rules:
  - {name: Limited, kind: threshold, by: [team, region], window: 3d, above: 0, max_alerts: 1}
  - {name: Held, kind: threshold, by: [team], window: 3d, above: 5, keep_firing_for: 2d}
route: {receiver: default}
receivers: [{name: default, kind: stdout}]
"""


def test_what_is_too_many_or_gone_is_explained(costwatch: Costwatch, company: Path) -> None:
    (company / "alerts.yaml").write_text(MANY)
    assert costwatch(*NOW, "alerts", "eval").code == 0
    told = costwatch(*LATER, "alerts", "explain", "Limited").out
    assert "left out: its rule matches more than its max_alerts of 1" in told
    assert "firing: limit=max_alerts" in told
    (company / "alerts.yaml").write_text(
        MANY.replace("above: 5", "above: 50").replace("by: [team]", "by: []")
    )
    told = costwatch(*LATER, "alerts", "explain", "Held").out
    assert "no longer found by its rule; held up until 2026-11-03 00:00 UTC (keep_firing_for)" in told


def test_rules_of_costwatch_itself_are_known(costwatch: Costwatch, company: Path) -> None:
    assert "see: costwatch alerts list --rule EvaluationFailing" in (
        costwatch(*NOW, "alerts", "explain", "EvaluationFailing").err
    )
    assert costwatch(*NOW, "alerts", "explain", "BuiltInFreshness").code == 0
    assert costwatch(*NOW, "alerts", "eval").code == 0
    words = ("rule=EvaluationFailing", "--for", "1h", "--comment", "x")
    assert "no rule is called" not in costwatch(*NOW, "alerts", "silence", *words).err

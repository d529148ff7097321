"""`costwatch alerts test`: rules held to made-up facts, over made-up time."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from costwatch.alerts.rule_tests import RuleTest
from costwatch.cli import run
from costwatch.config import default_text

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CONFIG = """\
teams: [{name: ml}, {name: db}]
sources: [{name: aws, kind: exports, location: bills}, {name: objectives, kind: slo, url: "http://localhost:1"}]
budgets: [{team: ml, amount: 100}]
slos: [slos.yaml]
"""
SLOS = """\
version: prometheus/v1
service: shop
labels: {team: ml}
slos:
  - name: checkout
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(errors_total[{{.window}}]))
        total_query: sum(rate(requests_total[{{.window}}]))
    alerting: {name: Checkout}
"""
RULES = """\
route: {receiver: out}
receivers: [{name: out, kind: stdout}]
rules:
  - {name: Spend, kind: threshold, by: [team], above: 1500, annotations: {who: "ask {team}"}}
  - {name: TwoDays, kind: threshold, by: [team], above: 1500, for: 1d, keep_firing_for: 1d}
  - {name: Provisional, kind: threshold, by: [team], above: 1500, settle: estimated}
  - {name: Bud, kind: budget, at: [0.5, 1.0]}
  - {name: Stale, kind: freshness, max_age: 30h}
  - {name: Burn, kind: slo_burn}
tests:
"""
SPIKE = """\
    data:
      cost:
        - {team: ml, service: AmazonEC2, from: 2026-11-01, values: "1000x16 1800 1850 900x3"}
        - {team: ml, service: AmazonS3, from: 2026-11-01, values: "1x25"}
        - {team: db, from: 2026-11-01, values: "100x25"}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"costwatch.yaml": CONFIG, "slos.yaml": SLOS, "alerts.yaml": RULES}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(
    folder: Path, capsys: pytest.CaptureFixture[str], tests: str, *options: str, rules: str = RULES
) -> tuple[int, str]:
    (folder / "alerts.yaml").write_text(rules + tests)
    code = run(["alerts", "test", *options], NOW)
    out, err = capsys.readouterr()
    return code, out + err


def a_test(at: str, expect: str, data: str = SPIKE) -> str:
    return f"  - name: case\n    at: {at}\n{data}    expect:\n      - {expect}\n"


PASSING = {
    "a day is known once it has settled": a_test(
        "2026-11-21T00:00:00Z", "{rule: Spend, labels: {team: ml}, value: 1801, summary: 'above $1,500.00'}"
    ),
    "and not before": a_test("2026-11-20T23:59:00Z", "{rule: Spend, state: none}"),
    "what is not settled counts where the rule says so": a_test(
        "2026-11-19T00:00:00Z", "{rule: Provisional, labels: {team: ml}}"
    ),
    "annotations are filled in": a_test(
        "2026-11-21", "{rule: Spend, labels: {team: ml}, annotations: {who: ask ml}}"
    ),
    "it is over once it is": a_test("2026-11-23", "{rule: Spend, labels: {team: ml}, state: resolved}"),
    "for counts": a_test("2026-11-21T12:00:00Z", "{rule: TwoDays, labels: {team: ml}, state: pending}"),
    "for is over": a_test("2026-11-22", "{rule: TwoDays, labels: {team: ml}}"),
    "keep_firing_for counts": a_test("2026-11-23T12:00:00Z", "{rule: TwoDays, labels: {team: ml}}"),
    "keep_firing_for is over": a_test("2026-11-24", "{rule: TwoDays, labels: {team: ml}, state: resolved}"),
    "budgets are those of costwatch.yaml": a_test(
        "2026-11-10",
        "{rule: Bud, labels: {team: ml, period: 2026-11}, value: 70, summary: '$70.00 of $100.00'}",
        "    data: {cost: [{team: ml, from: 2026-10-01, values: 10x60}]}\n",
    ),
    "ages of sources": a_test(
        "2026-11-03",
        "{rule: Stale, labels: {source: aws}}",
        "    data: {freshness: [{source: aws, from: 2026-11-01, values: 20 44 68}]}\n",
    ),
    "objectives are those of costwatch.yaml": a_test(
        "2026-11-03T01:00:00Z",
        "{rule: Burn, labels: {slo: shop-checkout, team: ml, severity: page}}",
        "    data:\n      slo_burn_rate:\n"
        "        - {slo: checkout, window: 1h, from: 2026-11-03, values: 0x3 20x8}\n"
        "        - {slo: checkout, window: 5m, from: 2026-11-03, values: 0x3 20x8}\n"
        "      slo_window_events: [{slo: checkout, window: 1h, from: 2026-11-03, values: 1000x12}]\n",
    ),
}
FAILING = {
    "an alert that is not there": (
        a_test("2026-11-20", "{rule: Spend, labels: {team: ml}}"),
        [
            "FAIL  case  (alerts.yaml:11)",
            "- Spend{team='ml'} firing  (not there)",
            "found then: ok: ml: $1,001.00",
        ],
    ),
    "an alert in another state": (
        a_test("2026-11-21", "{rule: TwoDays, labels: {team: ml}}"),
        ["- TwoDays{team='ml'} firing  (in another state)", "+ TwoDays{team='ml'} pending: ml: $1,801.00 on"],
    ),
    "an alert that there is": (
        a_test("2026-11-21", "{rule: Spend, state: none}"),
        ["- Spend none  (1 pending or firing)", "+ Spend{team='ml'} firing: ml: $1,801.00"],
    ),
    "an alert that nothing expects": (
        a_test("2026-11-21", "{rule: Spend, labels: {team: db}, state: none}"),
        ["+ Spend{team='ml'} firing: ml: $1,801.00 on 18 Nov 2026, above $1,500.00  (not expected)"],
    ),
    "another text": (
        a_test("2026-11-21", "{rule: Spend, labels: {team: ml}, summary: above $9}"),
        ["- Spend{team='ml'} firing  (summary is not 'above $9')", "+ Spend{team='ml'} firing: ml: $1,8"],
    ),
    "another value": (
        a_test("2026-11-21", "{rule: Spend, labels: {team: ml}, value: 1}"),
        ["(value is 1801, not 1)"],
    ),
    "another annotation": (
        a_test("2026-11-21", "{rule: Spend, labels: {team: ml}, annotations: {who: x}}"),
        ["(annotation who is 'ask ml', not 'x')"],
    ),
    "one that fits two": (
        a_test("2026-11-21", "{rule: Spend}", SPIKE.replace("100x25", "1800x25")),
        ["- Spend firing  (fits 2 alerts; say by labels which one is meant)", "+ Spend{team='db'}"],
    ),
}


@pytest.mark.parametrize("case", PASSING)
def test_passes(folder: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    assert said(folder, capsys, PASSING[case]) == (0, "ok    case\n")


@pytest.mark.parametrize("case", FAILING)
def test_fails_with_what_differs(folder: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    test, expected = FAILING[case]
    code, text = said(folder, capsys, test)
    assert code == 3
    assert [part for part in expected if part not in text] == []


def test_rules_without_a_test_are_told_where_they_must_have_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = PASSING["and not before"]
    assert said(folder, capsys, tests)[0] == 0
    code, text = said(folder, capsys, tests, "--require-tests")
    assert code == 3
    assert "rule Burn: has no test; write one under 'tests', with Burn under 'expect'" in text
    assert "rule Spend" not in text
    assert said(folder, capsys, tests, "--require-tests", "--rule", "Spend")[0] == 0


def test_data_that_no_rule_reads_is_a_mistake(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = "    data:\n      cost: [{team: ml, from: 2026-11-01, values: 1}]\n"
    code, text = said(folder, capsys, a_test("2026-11-03", "{rule: Stale, state: none}", data))
    assert code == 2
    assert "alerts.yaml:14: no rule under test reads 'cost'; remove it, or expect one that does" in text


def test_only_what_is_asked_for_is_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tests = PASSING["and not before"] + FAILING["another value"][0].replace("case", "other").replace(
        "Spend", "TwoDays"
    )
    assert said(folder, capsys, tests, "--rule", "Spend") == (0, "ok    case\n")
    code, text = said(folder, capsys, tests, "--rule", "Spnd")
    assert code == 2
    assert "--rule: no rule is called 'Spnd'; known here: Bud, Burn" in text


def test_a_file_can_be_named_and_programs_read_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.yaml").write_text(RULES + FAILING["another value"][0])
    assert run(["alerts", "test", "other.yaml", "--json"], NOW) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["tests"][0]["passed"] is False
    assert "Burn" in told["untested"]


def test_a_file_can_be_tested_where_there_is_no_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "costwatch.yaml").unlink()
    (folder / "alerts.yaml").write_text(RULES + PASSING["for counts"])
    assert run(["alerts", "test", "alerts.yaml"], NOW) == 0
    assert run(["alerts", "test"], NOW) == 2
    assert run(["-c", "nowhere.yaml", "alerts", "test", "alerts.yaml"], NOW) == 2


def test_a_rule_that_raises_fails_its_test(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("costwatch.rules.threshold.Threshold.evaluate", lambda *_: 1 / 0)
    code, text = said(folder, capsys, PASSING["and not before"])
    assert code == 3
    assert "! Spend cannot be evaluated: ZeroDivisionError: division by zero" in text


def test_the_manuals_example_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manual = (Path(__file__).parent.parent.parent / "docs" / "alerts.md").read_text(encoding="utf-8")
    example = manual.partition("### Tests of rules")[2].partition("```yaml\n")[2].partition("```")[0]
    head = "route: {receiver: out}\nreceivers: [{name: out, kind: stdout}]\n"
    assert said(folder, capsys, example, "--require-tests", rules=head) == (0, "ok    two days above fire\n")


def test_the_docstrings_example_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = dedent((RuleTest.__doc__ or "").partition("Example::\n")[2])
    rules = RULES.replace("name: Spend,", "name: TeamDailySpend,").replace("above: 1500", "above: 5000", 1)
    code, text = said(folder, capsys, example, rules=rules)
    assert (code, text) == (0, "ok    a spike fires once its second day is settled\n")


def test_the_shipped_test_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "costwatch.yaml").write_text(default_text("costwatch.yaml"))
    head, tests, tail = default_text("alerts.yaml").partition("\ntests:\n")
    block, blank, rest = tail.partition("\n\n")
    (tmp_path / "alerts.yaml").write_text(
        head + tests + re.sub("^#(?=  )", "", block, flags=re.M) + blank + rest
    )
    assert run(["alerts", "test"], NOW) == 0

"""What check says and lets pass: pages for costs that are days old."""

from pathlib import Path

import pytest

from tests.made.command_line import Costwatch

FILE = """\
route:
  receiver: out
  routes:
    - {{matchers: ['severity="page"'], receiver: out{interval}}}
receivers: [{{name: out, kind: stdout}}]
time_intervals: [{{name: office, time_intervals: [{{weekdays: ['monday:friday']}}]}}]
rules:
  - {{name: Fresh, kind: freshness, max_age: 30h}}
  - {{name: R, {rule}}}
"""
SPEND = "kind: threshold, above: 5, severity: page"


@pytest.mark.parametrize(
    ("rule", "interval", "is_told"),
    [
        pytest.param(SPEND, "", True, id="a page for settled cost"),
        pytest.param("kind: budget, severity: page", "", True, id="a page for a budget"),
        pytest.param(
            "kind: change, compare: day, above: 5, severity: page", "", True, id="a page for a change"
        ),
        pytest.param(SPEND, ", active_time_intervals: [office]", False, id="in office hours"),
        pytest.param(SPEND, ", mute_time_intervals: [office]", False, id="muted at times"),
        pytest.param(f"{SPEND}, settle: estimated", "", False, id="provisional data"),
        pytest.param("kind: threshold, above: 5", "", False, id="a ticket"),
        pytest.param("kind: runaway, severity: page", "", False, id="a job that runs now"),
    ],
)
def test_pages_for_costs_of_days_ago_are_told_and_pass(
    rule: str, interval: str, is_told: bool, costwatch: Costwatch, tmp_path: Path
) -> None:
    (tmp_path / "costwatch.yaml").write_text(
        "sources: [{name: k8s, kind: usage_files, location: usage}]\nteams: [{name: ml}]\n"
        "budgets: [{team: ml, amount: 5}]\n"
    )
    (tmp_path / "alerts.yaml").write_text(FILE.format(rule=rule, interval=interval))
    answer = costwatch("-c", tmp_path / "costwatch.yaml", "check")
    assert answer.code == 0, answer.out
    assert ("rule 'R' pages at any hour for settled costs" in answer.err) is is_told

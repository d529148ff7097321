"""An alert of each rule kind, as its conformance example makes it fire, and the group of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from costwatch.alerts.lifecycle import advance, explained
from costwatch.alerts.message import rests_on_cost
from costwatch.answers.alert_series import with_series
from costwatch.model import Alert, Group, Verdict, labels
from costwatch.plugins import Rule, explanation_of, queries_of
from costwatch.testing import Example, FakeSnapshot
from tests.made.messages import group


def alert_of(rule: Rule, examples: list[Example]) -> Alert:
    """The first that fires in the examples of a kind."""
    for example in examples:
        snapshot = FakeSnapshot(example.facts, queries_of([rule]), sql_rows=example.sql_rows)
        for finding in rule.evaluate(snapshot, example.now):
            if finding.verdict is not Verdict.BREACH:
                continue
            at = example.now - rule.for_
            began = advance(None, finding, rule, at).alert
            step = with_series(advance(began, finding, rule, example.now), began, snapshot)
            assert step.alert is not None
            found = explanation_of(rule, finding, snapshot, example.now)
            return explained(step.alert, found) if found else step.alert
    raise AssertionError(f"no example of {rule.name} fires")


def group_of(alert: Alert, **changes: object) -> Group:
    """The first message about it."""
    alert = replace(alert, runbook=alert.runbook or "https://wiki.example/runbooks/costs")
    named: Mapping[str, str] = {"rule": alert.rule, "team": alert.label("team")}
    told = {"labels": labels(**{name: value for name, value in named.items() if value})}
    through = date(2026, 11, 19) if rests_on_cost(alert) else None
    return group(alert, **{**told, "data_through": through, **changes})

"""The suite for rules."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from costwatch.alerts.restatement import sum_over
from costwatch.model import About, Finding, Labels, Verdict
from costwatch.plugins import Rule, queries_of
from costwatch.testing.facts import Facts, FakeSnapshot
from costwatch.testing.settings import check_settings, require

_SOME_TIME = datetime(2026, 11, 22, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Example:
    """What a rule must find in ``facts`` at ``now``: the verdict of every instance, by its labels.

    sql_rows: statement -> what it answers.
    """

    facts: Facts
    now: datetime
    expected: Mapping[Labels, Verdict]
    sql_rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def check_rule(rule: Rule, examples: Sequence[Example]) -> None:
    """Whether ``rule`` keeps the contract and finds what each example expects."""
    check_settings(rule)
    before = repr(rule)
    no_rows: Mapping[str, Sequence[Mapping[str, Any]]] = dict.fromkeys(getattr(rule, "statements", ()), ())
    for finding in rule.evaluate(FakeSnapshot(queries=queries_of([rule]), sql_rows=no_rows), _SOME_TIME):
        require(
            finding.verdict is Verdict.UNKNOWN,
            f"with no data at all {dict(finding.labels)} is '{finding.verdict}'; unknown is not zero",
        )
    for example in examples:
        found = _findings(rule, example.facts, example)
        verdicts = {key: finding.verdict for key, finding in found.items()}
        require(verdicts == dict(example.expected), f"found {verdicts}, expected {dict(example.expected)}")

        backwards = {query: dict(reversed(list(answer.items()))) for query, answer in example.facts.items()}
        require(_findings(rule, backwards, example) == found, "the order of the facts changes the findings")
        require(
            _findings(rule, _doubled(example.facts), example).keys() == found.keys(),
            "other values change the labels: the same instance would be taken for another",
        )
    require(repr(rule) == before, "evaluating changed the rule")


def _findings(rule: Rule, facts: Facts, example: Example) -> dict[Labels, Finding]:
    found: dict[Labels, Finding] = {}
    snapshot = FakeSnapshot(facts, queries_of([rule]), sql_rows=example.sql_rows)
    for finding in rule.evaluate(snapshot, example.now):
        key = finding.labels
        require(key == tuple(sorted(dict(key).items())), f"labels are sorted pairs, each name once: {key}")
        require(key not in found, f"two findings have the labels {dict(key)}")
        require(finding.summary, f"the finding {dict(key)} has no summary")
        require(
            not dict(key).keys() & {"rule", "severity"},
            f"the labels 'rule' and 'severity' are the alert's own: {key}",
        )
        json.dumps(dict(finding.evidence))
        _check_about(finding, snapshot)
        _check_drivers(finding)
        found[key] = finding
    return found


def _check_about(finding: Finding, facts: FakeSnapshot) -> None:
    about, of = finding.about, dict(finding.labels)
    if about is None:
        return
    form = TypeAdapter(About)
    require(
        form.validate_json(form.dump_json(about, warnings=False)) == about,
        f"what the finding {of} rests on is another thing once it has been stored: {about}",
    )
    require(len({*about.by}) == len(about.by), f"the finding {of} asks for a label twice: {about.by}")
    unasked = about.where.keys() - {*about.by, "currency"}
    require(
        not unasked,
        f"the finding {of} rests on labels that it does not ask for: {', '.join(sorted(unasked))}",
    )
    if about.window is None:
        return
    require(about.window.start < about.window.end, f"the window that the finding {of} rests on is empty")
    sums = facts.totals(about.query, about.by, [about.window])[about.window]
    total = sum_over(sums, about, finding.labels, finding.unit) or 0
    require(
        about.value in (None, total),
        f"the finding {of} rests on {about.value}, but its facts sum up to {total}",
    )


def _check_drivers(finding: Finding) -> None:
    of, parts = dict(finding.labels), [driver.amount for driver in finding.drivers]
    if parts:
        require(finding.change is not None, f"the finding {of} has drivers, but not the change they sum to")
        require(
            sum(parts) == finding.change,
            f"the drivers of {of} sum to {sum(parts)}, not to its change of {finding.change}",
        )


def _doubled(facts: Facts) -> Facts:
    return {
        query: {
            key: tuple(replace(point, value=2 * point.value) for point in series)
            for key, series in answer.items()
        }
        for query, answer in facts.items()
    }

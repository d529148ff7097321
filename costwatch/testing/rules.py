"""The suite for rules."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from costwatch.model import Finding, Labels, Verdict
from costwatch.plugins import Rule, queries_of
from costwatch.testing.facts import Facts, FakeSnapshot
from costwatch.testing.settings import check_settings, require

_SOME_TIME = datetime(2026, 11, 22, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Example:
    """What a rule must find in ``facts`` at ``now``: the verdict of every instance, by its labels."""

    facts: Facts
    now: datetime
    expected: Mapping[Labels, Verdict]


def check_rule(rule: Rule, examples: Sequence[Example]) -> None:
    """Whether ``rule`` keeps the contract and finds what each example expects."""
    check_settings(rule)
    before = repr(rule)
    for finding in rule.evaluate(FakeSnapshot(queries=queries_of([rule])), _SOME_TIME):
        require(
            finding.verdict is Verdict.UNKNOWN,
            f"with no data at all {dict(finding.labels)} is '{finding.verdict}'; unknown is not zero",
        )
    for example in examples:
        found = _findings(rule, example.facts, example.now)
        verdicts = {key: finding.verdict for key, finding in found.items()}
        require(verdicts == dict(example.expected), f"found {verdicts}, expected {dict(example.expected)}")

        backwards = {query: dict(reversed(list(answer.items()))) for query, answer in example.facts.items()}
        require(
            _findings(rule, backwards, example.now) == found, "the order of the facts changes the findings"
        )
        require(
            _findings(rule, _doubled(example.facts), example.now).keys() == found.keys(),
            "other values change the labels: the same instance would be taken for another",
        )
    require(repr(rule) == before, "evaluating changed the rule")


def _findings(rule: Rule, facts: Facts, now: datetime) -> dict[Labels, Finding]:
    found: dict[Labels, Finding] = {}
    for finding in rule.evaluate(FakeSnapshot(facts, queries_of([rule])), now):
        key = finding.labels
        require(key == tuple(sorted(dict(key).items())), f"labels are sorted pairs, each name once: {key}")
        require(key not in found, f"two findings have the labels {dict(key)}")
        require(finding.summary, f"the finding {dict(key)} has no summary")
        json.dumps(dict(finding.evidence))
        found[key] = finding
    return found


def _doubled(facts: Facts) -> Facts:
    return {
        query: {
            key: tuple(replace(point, value=2 * point.value) for point in series)
            for key, series in answer.items()
        }
        for query, answer in facts.items()
    }

"""Runs of the tests that a rules file holds: its rules are evaluated again and again in made-up time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from costwatch.alerts.rule_tests import ExpectedAlert, Failure, RuleTest, failures
from costwatch.commands.rule_test_facts import facts_of, queries_named
from costwatch.evaluate import evaluate_facts
from costwatch.model import Alert, Finding
from costwatch.plugins import Rule, Snapshot, queries_of
from costwatch.testing.replay import Replay

if TYPE_CHECKING:
    from costwatch.config import Config


@dataclass(frozen=True)
class TestRun:
    """How one test went. unread: what its data holds and no rule under test asked for.

    errors: rule -> why it could not be evaluated at the end. last: the findings of each rule at the end.
    """

    __test__ = False  # not one of pytest's

    test: RuleTest
    failures: tuple[Failure, ...]
    unread: tuple[str, ...]
    errors: Mapping[str, str]
    last: Mapping[str, tuple[Finding, ...]]

    @property
    def is_passed(self) -> bool:
        """Whether everything is as the test expects."""
        return not (self.failures or self.errors)

    def nearest(self, expected: ExpectedAlert) -> tuple[Finding, ...]:
        """What its rule found at the end that has the expected labels, or else all that it found."""
        found = self.last.get(expected.rule, ())
        wanted = {*expected.labels.items()}
        return tuple(one for one in found if {*one.labels} & wanted) or found


def run(test: RuleTest, rules: Sequence[Rule], config: "Config | None") -> TestRun:
    """Evaluate the rules under test from the first value of its data up to its end."""
    tested = [rule for rule in rules if rule.name in test.rules]
    age = timedelta(hours=config.settle.age_hours) if config else timedelta(hours=48)
    dimensions = config.names.dimensions if config else ()
    # Rules of one kind bring the same queries.
    queries = tuple({query.name: query for query in queries_of(tested)}.values())
    replay = Replay([*facts_of(test, queries, config)], age, queries, dimensions)
    held: Mapping[str, Alert] = {}
    errors: Mapping[str, str] = {}
    for now in test.instants:
        held, errors = evaluate_facts(replay.at(now), held, tested, now)
    found = tuple(failures(test, held.values()))
    unread = tuple(name for name in test.data if not errors and not replay.asked & {*queries_named(name)})
    last = {rule.name: _findings(rule, replay.at(test.at), test.at) for rule in tested if found}
    return TestRun(test, found, unread, errors, last)


def _findings(rule: Rule, facts: Snapshot, now: datetime) -> tuple[Finding, ...]:
    try:
        return tuple(rule.evaluate(facts, now))
    except Exception:  # a rule may be anyone's; its error is told beside
        return ()

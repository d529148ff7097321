"""Alerts on costwatch itself, which no file turns off: what they say, and where they go. Pure.

They are rules like any other, so that routes, silences and acknowledgements work on them. Their names are
taken; what they find, ``evaluate`` knows.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import starmap
from pathlib import Path

from pydantic import PrivateAttr

from costwatch.alerts.routing import Node, RootRoute, Route
from costwatch.model import About, Finding, Labels, Severity, Verdict, labels
from costwatch.plugins import RULES, Notifier, PluginContext, Receiver, Rule, RuleSettings, load
from costwatch.wording import at_instant, count_of, shortened, span

CLOCK = "ClockWentBack"
CONFIGURATION = "ConfigurationInvalid"
EVALUATION = "EvaluationFailing"
FRESHNESS = "BuiltInFreshness"
RECEIVER = "ReceiverFailing"
NAMES = (FRESHNESS, CLOCK, CONFIGURATION, EVALUATION, RECEIVER)
UNWATCHED = f"no rule of kind freshness watches any source: the built-in rule {FRESHNESS} watches all of them"
LABELS = ("failing_rule", "file", "receiver", "source")  # by which their alerts are told apart

FAILURES = 3  # in a row: what mends itself by the next evaluation or the one after is no news
_MAX_AGE = timedelta(hours=48)
_CLOCK_TOLD_FOR = timedelta(days=1)
_MISTAKES_TOLD = 3
_MISTAKE_LENGTH = 300
_SEVERITY = Severity.TICKET


@dataclass(frozen=True, slots=True)
class Failure:
    """What does not work: how often or how many of it, since when (UTC), and the last reason."""

    count: int
    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class ClockChange:
    """When it was noticed that the clock had gone back, and what it had shown before (UTC)."""

    noticed_at: datetime
    ahead_at: datetime

    @property
    def sentence(self) -> str:
        """By how much."""
        back = span(self.ahead_at - self.noticed_at)
        return f"the clock went back by {back}: it had shown {at_instant(self.ahead_at)} before"


@dataclass(frozen=True, slots=True)
class Health:
    """What is wrong with costwatch itself. mistakes: by file, as ``file:line: ...``."""

    mistakes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rules: Mapping[str, Failure] = field(default_factory=dict)
    receivers: Mapping[str, Failure] = field(default_factory=dict)
    clock: ClockChange | None = None


class BuiltIn(RuleSettings):
    """A rule that has found what it finds before it is evaluated."""

    over: str  # what is said of an alert that is over

    _found: tuple[Finding, ...] = PrivateAttr(default=())

    def evaluate(self, facts: object, now: datetime) -> tuple[Finding, ...]:
        """See ``plugins.Rule``."""
        return self._found


def built_in_rules(health: Health, now: datetime) -> list[Rule]:
    """One for each thing that can go wrong, whether it has or not: what was told is over then."""
    failing = [each for each in sorted(health.rules.items()) if each[1].count >= FAILURES]
    return [
        _rule(CONFIGURATION, starmap(_configuration, sorted(health.mistakes.items())), "mended"),
        _rule(EVALUATION, starmap(_evaluation, failing), "it can be evaluated again"),
        _rule(RECEIVER, starmap(_receiver, sorted(health.receivers.items())), "it takes them again"),
        _rule(CLOCK, _clock(health.clock, now), "told for a day"),
    ]


def failures(
    before: Mapping[str, Failure],
    evaluated_at: Mapping[str, datetime],
    errors: Mapping[str, str],
    now: datetime,
) -> dict[str, Failure]:
    """Rules that fail now, with what failed before: each evaluation counts once, however often it is done."""
    found = {}
    for rule, error in errors.items():
        one = before.get(rule, Failure(0, now, ""))
        is_again = one.count > 0 and evaluated_at.get(rule) == now
        found[rule] = Failure(one.count + (not is_again), min(one.since, now), error)
    return found


def freshness_rule() -> Rule:
    """Watches all sources where no rule of the file does."""
    context = PluginContext(Path(), "freshness")
    rule: Rule = load(RULES, "freshness").model_validate(
        {"name": FRESHNESS, "max_age": _MAX_AGE}, context=context
    )
    return rule


def is_freshness(rule: Rule) -> bool:
    """Whether it watches how old sources are."""
    return getattr(rule, "kind", "") == "freshness"


def with_own_routes(
    root: RootRoute, tree: Node, receivers: Iterable[Receiver], fallback: str | None
) -> RootRoute:
    """``root``, by which no alert about a receiver goes to that receiver alone; ``tree``: the same, resolved.

    It would tell nobody. It goes to the fallback then, or to the first other receiver that takes messages.
    """
    known = list(receivers)
    able = [*filter(None, [fallback]), *(each.name for each in known if isinstance(each, Notifier))]
    ways = []
    for name in (each.name for each in known):
        told = {"rule": RECEIVER, "severity": str(_SEVERITY), "receiver": name}
        other = next((each for each in able if each != name), None)
        if other is not None and all(node.receiver == name for node in tree.match(told)):
            matchers = (f"rule={json.dumps(RECEIVER)}", f"receiver={json.dumps(name)}")
            ways.append(Route(receiver=other, matchers=matchers))
    return root.model_copy(update={"routes": (*ways, *root.routes)}) if ways else root


def _rule(name: str, found: Iterable[Finding], over: str) -> BuiltIn:
    rule = BuiltIn(name=name, severity=_SEVERITY, over=over)
    rule._found = tuple(found)
    return rule


def _configuration(file: str, mistakes: Sequence[str]) -> Finding:
    count, more = len(mistakes), len(mistakes) - _MISTAKES_TOLD
    first = "; ".join(
        shortened(" ".join(each.split()), _MISTAKE_LENGTH) for each in mistakes[:_MISTAKES_TOLD]
    )
    rest = f"; and {more} more" if more > 0 else ""
    said = (
        f"{file} has {count_of(count, 'mistake', 'mistakes')}, its last good version goes on: {first}{rest}"
    )
    return _finding(labels(file=file), said)


def _evaluation(rule: str, failure: Failure) -> Finding:
    said = f"rule {rule} cannot be evaluated since {at_instant(failure.since)}: {failure.error}"
    return _finding(labels(failing_rule=rule), said)


def _receiver(receiver: str, failure: Failure) -> Finding:
    why = f": {failure.error}" if failure.error else ""
    said = f"receiver {receiver} has not taken what it was sent since {at_instant(failure.since)}{why}"
    return _finding(labels(receiver=receiver), said)


def _clock(change: ClockChange | None, now: datetime) -> Iterable[Finding]:
    if change is not None and now - change.noticed_at < _CLOCK_TOLD_FOR:
        advice = "what was dated ahead counts as of now; see whether NTP sets the time"
        yield _finding((), f"{change.sentence}; {advice}")


def _finding(instance: Labels, said: str) -> Finding:
    return Finding(instance, Verdict.BREACH, None, None, "", said, About("freshness"))  # its page tells more

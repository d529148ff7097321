"""``costwatch alerts explain``: why a rule did or did not fire."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.alerts_list import as_json_quiet, routing_of
from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, json_option
from costwatch.commands.output import complain, line, print_json
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from costwatch.alerts.matchers import Matcher
    from costwatch.answers.rule_explained import Instance, RuleExplained
    from costwatch.config.alert_rules import AlertRules
    from costwatch.model import Labels
    from costwatch.plugins import Rule

_SHOWN = 5  # of those that nothing is wrong with
_LOUD = 20  # of all others
_FEW = 3  # so many are told at length


@click.command("explain", cls=Command)
@click.argument("rule")
@click.argument("labels", nargs=-1, metavar="[LABEL=VALUE...]")
@json_option
@pass_context
def explain(context: Context, rule: str, labels: tuple[str, ...], as_json: bool) -> None:
    """Say why a rule did or did not fire: what it looks at, what it finds now, and who was told.

    The rule is evaluated on what is stored; nothing is kept or sent. Labels, or matchers as in routes, ask
    for some of its findings alone.

    \b
    Example: costwatch alerts explain StaleData
             costwatch alerts explain TrainingSpend team=ml --json
    """
    from costwatch.answers.rule_explained import explain_rule
    from costwatch.plugins import queries_of
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    rules = context.rules_as_far_as_known() or context.alerts
    wanted = _rule_called(rules, rule)
    matchers = _parsed(labels)
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now, queries=queries_of(rules.rules))
        found = explain_rule(facts, wanted, matchers, routing_of(context), context.now)
    if matchers and not found.instances and not found.error:
        _tell_misspelt(found, matchers)
    if as_json:
        print_json(_as_json(found, context.now))
        return
    for text in _lines(found, context.now):
        line(text)


def _rule_called(rules: "AlertRules", name: str) -> "Rule":
    from costwatch.alerts import built_in
    from costwatch.config.quote import instead, quoted

    for rule in rules.rules:
        if rule.name == name:
            return rule
    if name == built_in.FRESHNESS:
        return built_in.freshness_rule()
    if name in built_in.NAMES:
        what = f"{name} is built in, and watches costwatch by what `costwatch alerts eval` finds"
        raise UsageError(f"alerts explain: {what}; see: costwatch alerts list --rule {name}")
    known = [*(rule.name for rule in rules.rules), *built_in.NAMES]
    raise UsageError(f"alerts explain: no rule is called {quoted(name)}{instead(name, known)}")


def _parsed(texts: Sequence[str]) -> "list[Matcher]":
    from costwatch.alerts.matchers import Matcher
    from costwatch.alerts.silencing import matchers_in

    found = []
    for text in texts:
        label, sign, value = text.partition("=")
        if sign and label.isidentifier() and not value.startswith(("~", '"')):
            found.append(Matcher(label, "=", value))  # a value with blanks needs no quotes of its own here
            continue
        found += matchers_in(text)
    return found


def _tell_misspelt(found: "RuleExplained", matchers: "Sequence[Matcher]") -> None:
    """What no finding of the rule has, with the nearest that one has. Raises UsageError for a label."""
    from costwatch.answers.rule_explained import values_found
    from costwatch.config.quote import instead, quoted

    known = values_found(found.left, found.rule)
    for matcher in matchers if known else ():
        name = found.rule.name
        if matcher.label not in known:
            what = f"alerts explain: what {name} finds has no label {quoted(matcher.label)}"
            raise UsageError(what + instead(matcher.label, known))
        values = known[matcher.label]
        if not any(matcher.matches({matcher.label: value}) for value in values):
            what = f"{name} finds nothing whose {matcher.label} is {quoted(matcher.value)}"
            complain(what + instead(matcher.value, values))


def _lines(found: "RuleExplained", now: "datetime") -> Iterator[str]:
    rule = found.rule
    yield f"{rule.name} ({', '.join(filter(None, (rule.kind, str(rule.severity))))}): {_summary(found)}"
    for text in found.looks_at:
        yield f"  looks at {text}"
    yield f"  {found.evaluated}"
    if found.error:
        yield f"  cannot be evaluated: {found.error}; its alerts stay as they are (on_error: {rule.on_error})"
    if found.unmatched:
        yield f"  {found.unmatched}"
    fine = [one for one in found.instances if one.state is None and one.finding.verdict == "ok"]
    are_fine = {one.fingerprint for one in fine}
    loud = [one for one in found.instances if one.fingerprint not in are_fine]
    for one in loud[:_LOUD]:
        yield from _of_instance(one, now)
    if len(loud) > _LOUD:
        yield f"and {len(loud) - _LOUD:,} more like these; name labels to see some alone"
    for alert, text in found.unreported:
        yield f"firing: {_labels(alert.labels)}"
        yield f"    {text}"
    for one in fine[:_SHOWN]:
        yield f"not in breach: {_labels(one.finding.labels)}{_value(one)}"
        if len(fine) <= _FEW or not one.finding.value:
            yield f"    {one.finding.summary}"
    if len(fine) > _SHOWN:
        yield f"and {len(fine) - _SHOWN:,} more that are not in breach, further from it"


def _summary(found: "RuleExplained") -> str:
    if found.error:
        return "cannot be evaluated"
    if not found.instances:
        return "finds nothing of that" if found.left else "finds nothing to look at"
    states = [str(one.state) if one.state else "" for one in found.instances]
    firing, pending = states.count("firing"), states.count("pending")
    unknown = sum(one.finding.verdict == "unknown" for one in found.instances)
    of = f"of {len(states):,} {'fires' if firing < 2 else 'fire'}"
    parts = [f"{firing or 'none'} {of}"]
    parts += [f"{pending} pending"] if pending else []
    parts += [f"{unknown} without data"] if unknown else []
    return ", ".join(parts)


def _of_instance(one: "Instance", now: "datetime") -> Iterator[str]:
    word = str(one.state) if one.state else {"unknown": "no data"}.get(one.finding.verdict, "not told")
    yield f"{word}: {_labels(one.finding.labels)}{_value(one)}"
    for text in one.why:
        yield f"    {text}"
    if one.quiet is None:
        return
    for text in one.quiet.remarks(now):
        yield f"    {text}"
    yield f"    {_delivery(one)}; see: costwatch alerts show {one.fingerprint}"


def _labels(of: "Labels") -> str:
    return ", ".join(f"{name}={value}" for name, value in of) or "all of it"


def _value(one: "Instance") -> str:
    from costwatch.answers.rule_explained import against

    value = against(one.finding)
    return f": {value}" if value else ""


def _delivery(one: "Instance") -> str:
    from costwatch.wording import at_instant

    to = f"goes to {', '.join(one.receivers)}" if one.receivers else "goes where the rules file says"
    if one.told is not None:
        said = f": {one.told.text}" if one.told.text else ""
        return f"{to}; {one.told.who}: {one.told.what}, {at_instant(one.told.at)}{said}"
    if one.quiet is not None and one.quiet.muted:
        return f"{to}, but nobody is told"
    return f"{to}; nobody was told yet, `costwatch alerts deliver` does"


def _as_json(found: "RuleExplained", now: "datetime") -> dict[str, Any]:
    from costwatch.answers.rule_explained import severity_of
    from costwatch.plugins import duration_text
    from costwatch.warehouse.encoding import to_text
    from costwatch.wording import digits

    rule = found.rule
    return {
        "rule": rule.name,
        "kind": rule.kind,
        "severity": str(rule.severity),
        "for": duration_text(rule.for_),
        "keep_firing_for": duration_text(rule.keep_firing_for),
        "looks_at": list(found.looks_at),
        "error": found.error,
        "unmatched": found.unmatched,
        "evaluated": found.evaluated,
        "findings": [
            {
                "fingerprint": one.fingerprint,
                "labels": dict(one.finding.labels),
                "severity": str(severity_of(one.finding, rule)),
                "verdict": str(one.finding.verdict),
                "state": str(one.state) if one.state else None,
                "value": None if one.finding.value is None else digits(one.finding.value),
                "threshold": None if one.finding.threshold is None else digits(one.finding.threshold),
                "unit": one.finding.unit,
                "why": list(one.why),
                "receivers": list(one.receivers),
                "told_at": to_text(one.told.at) if one.told else None,
                **(as_json_quiet(one.quiet, now) if one.quiet else {}),
            }
            for one in found.instances
        ],
        "unreported": [alert.fingerprint for alert, _ in found.unreported],
    }


COMMANDS = (explain,)

"""What becomes of one alert as its rule is evaluated again and again. Pure.

Prometheus' semantics (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/):
a breach is pending until it has lasted ``for``, then it fires; when the breach is gone the alert goes on
firing for ``keep_firing_for``, then it is resolved. Four things are added. An unknown verdict changes
nothing, unless the rule's ``no_data`` says otherwise; want of data is then told like a breach is. A
firing alert that becomes more severe, reaches a further step of what only grows, or turns from want of
data to a breach or back, fires anew, so that people hear of it. A resolved alert in breach again stays
resolved, as it was told, until it fires anew. And where the cost day an alert rests on is restated, the
alert's text says so.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from costwatch.alerts.restatement import carried_on, is_first_value, is_restated
from costwatch.model import REACHED, Alert, AlertState, Finding, Labels, Severity, Verdict, labels
from costwatch.money import exact
from costwatch.plugins import Explanation, Rule

REMEMBERED = timedelta(days=14)  # how long a resolved alert that was told is still corrected
EXPLAINED = "explained"  # in the evidence: what was asked once, when it began to fire
NOW = "now"  # in the evidence of an alert that is over: how things are since
_PLACEHOLDER = re.compile(r"\{([^\W\d][\w.:/-]*)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """``alert``: what there is now, if anything; ``event``: what is worth a line in the log, if anything."""

    alert: Alert | None
    event: Alert | None = None


def fingerprint(rule: str, of: Labels) -> str:
    """16 hex digits that stay the same for one instance of one rule."""
    return hashlib.sha256(json.dumps([rule, of]).encode()).hexdigest()[:16]


def failure_fingerprint(rule: str) -> str:
    """Of the alert that says that a rule cannot be evaluated: of no instance, as none is labelled so."""
    return fingerprint(rule, labels(rule=rule))


def advance(held: Alert | None, finding: Finding, rule: Rule, now: datetime) -> Step:
    """The instance after ``finding``; ``held`` is the instance before it."""
    if finding.verdict is Verdict.UNKNOWN and rule.no_data == "keep":
        return Step(held)
    if finding.verdict is Verdict.UNKNOWN and rule.no_data == "alert":
        return _without_data(held, finding, rule, now)
    if not in_breach(finding, rule):
        why = too_small(finding, rule)
        return _telling_how_it_is(finding, without_breach(held, rule.keep_firing_for, now, why))
    return _active(held, finding, rule, now)


def explained(alert: Alert, found: Explanation) -> Alert:
    """``alert``, which begins to fire, with what its rule found out about it."""
    change = sum((driver.amount for driver in found.drivers), Decimal()) if found.drivers else alert.change
    evidence = {**alert.evidence, EXPLAINED: dict(found.texts)}
    return replace(alert, drivers=found.drivers or alert.drivers, change=change, evidence=evidence)


def _still_explained(held: Alert, alert: Alert) -> Alert:
    """``alert``, which goes on firing: what was asked when it began is still true of that."""
    if EXPLAINED not in held.evidence:
        return alert
    evidence = {**alert.evidence, EXPLAINED: held.evidence[EXPLAINED]}
    if not held.drivers:
        return replace(alert, evidence=evidence)
    return replace(alert, evidence=evidence, drivers=held.drivers, change=held.change)


def _still_reached(held: Alert, alert: Alert) -> Alert:
    """``alert``, which goes on firing: what was told as reached is not told once more."""
    if _reached(held) <= _reached(alert):
        return alert
    return replace(alert, evidence={**alert.evidence, REACHED: held.evidence[REACHED]})


def in_breach(finding: Finding, rule: Rule) -> bool:
    """Whether it is a breach, and one that matters enough to the rule."""
    return finding.verdict is Verdict.BREACH and not too_small(finding, rule)


def not_evaluated(held: Alert | None, rule: Rule, error: str, now: datetime) -> Step:
    """The alert that says so, while ``rule`` cannot be evaluated; ``held`` is that alert before."""
    if rule.on_error == "keep":
        return Step(held)
    summary = f"{rule.name} cannot be evaluated: {error}"
    return _active(held, Finding(labels(rule=rule.name), Verdict.BREACH, None, None, "", summary), rule, now)


def without_breach(held: Alert | None, keep_firing_for: timedelta, now: datetime, why: str = "") -> Step:
    """The instance after an evaluation that did not see its breach; ``why`` is added to its text.

    Want of data is over at once when there is some: ``keep_firing_for`` is for breaches.
    """
    if held is None:
        return Step(None)
    over = replace(held, state=AlertState.RESOLVED, resolved_at=now, keep_firing_since=None)
    if held.state is AlertState.PENDING:
        return Step(None, over)
    if held.state is AlertState.RESOLVED:
        if held.resolved_at is None or not _is_active(held):
            return Step(held)
        return Step(replace(held, active_at=held.resolved_at), over)
    since = held.keep_firing_since or now
    if now - since < keep_firing_for and held.verdict is Verdict.BREACH:
        return Step(replace(held, keep_firing_since=since))
    if why:
        over = replace(over, summary=f"{held.summary} ({why})")
    return Step(over, over)


def _telling_how_it_is(finding: Finding, step: Step) -> Step:
    """``step``, in which an alert that is over tells how things are since."""
    alert = step.event
    if alert is None or alert.state is not AlertState.RESOLVED or finding.verdict is not Verdict.OK:
        return step
    told = replace(alert, evidence={**alert.evidence, NOW: finding.summary})
    if is_first_value(alert.about, finding.about):  # from now on its restatements are told
        told = replace(told, about=finding.about, value=finding.value)
    return Step(told if step.alert is alert else step.alert, told)


def _active(held: Alert | None, finding: Finding, rule: Rule, now: datetime) -> Step:
    """The instance in breach, or without data."""
    begins = held is None or not _is_active(held)
    since = now if held is None or begins else held.active_at
    alert = _alert(finding, rule, since)
    if held is not None and held.is_firing and not fires_anew(held, alert):
        alert = _still_reached(held, _still_explained(held, alert))
        alert = carried_on(held, replace(alert, state=AlertState.FIRING, fired_at=held.fired_at))
        return Step(alert, alert if is_restated(held.about, alert.about) else None)
    if (held is not None and held.is_firing) or now - since >= rule.for_:
        alert = replace(alert, state=AlertState.FIRING, fired_at=now)
        return Step(alert, alert)
    if held is not None and held.state is AlertState.RESOLVED:
        return Step(replace(held, active_at=since), alert if begins else None)
    return Step(alert, alert if begins else None)


def _without_data(held: Alert | None, finding: Finding, rule: Rule, now: datetime) -> Step:
    """The instance while nothing is known of it, which its rule wants told."""
    if held is not None and held.is_firing and held.verdict is Verdict.BREACH:
        since = held.keep_firing_since or now
        if now - since < rule.for_:
            return Step(replace(held, keep_firing_since=since))
    about = None if finding.about is None else replace(finding.about, value=None)
    bare = Finding(
        finding.labels,
        Verdict.UNKNOWN,
        None,
        finding.threshold,
        finding.unit,
        f"no data: {finding.summary}",
        about,
        finding.evidence,
        severity=finding.severity,
    )
    return _active(held, bare, rule, now)


def too_small(finding: Finding, rule: Rule) -> str:
    """Why a breach does not matter; empty: it does."""
    limit, impact = rule.min_impact, finding.impact
    if finding.verdict is not Verdict.BREACH or limit is None or impact is None or impact.amount >= limit:
        return ""
    amount, least = exact(impact.amount, impact.currency), exact(limit, impact.currency)
    return f"{amount} a month if it stays, under {least}"


def fires_anew(held: Alert, alert: Alert) -> bool:
    """Whether people are to hear of ``alert`` though it fired as ``held`` before."""
    urgency = list(Severity).index
    is_more = urgency(alert.severity) < urgency(held.severity) or _reached(held) < _reached(alert)
    return held.verdict is not alert.verdict or is_more


def _reached(alert: Alert) -> Decimal:
    """How far it has come, where its rule counts that."""
    return Decimal(str(alert.evidence.get(REACHED, 0)))


def _is_active(alert: Alert) -> bool:
    if alert.state is not AlertState.RESOLVED:
        return True
    return alert.resolved_at is not None and alert.active_at > alert.resolved_at


def _alert(finding: Finding, rule: Rule, since: datetime) -> Alert:
    severity = finding.severity or rule.severity
    of_alert = {**dict(finding.labels), **rule.labels, "rule": rule.name, "severity": str(severity)}
    return Alert(
        fingerprint=fingerprint(rule.name, finding.labels),
        rule=rule.name,
        severity=severity,
        labels=labels(**of_alert),
        state=AlertState.PENDING,
        value=finding.value,
        threshold=finding.threshold,
        unit=finding.unit,
        summary=finding.summary,
        runbook=rule.runbook,
        evidence=json.loads(json.dumps(dict(finding.evidence), default=str)) if finding.evidence else {},
        active_at=since,
        fired_at=None,
        resolved_at=None,
        about=finding.about,
        impact=finding.impact,
        change=finding.change,
        drivers=finding.drivers,
        annotations={name: _filled(text, of_alert) for name, text in rule.annotations.items()},
        verdict=finding.verdict,
    )


def placeholders(text: str) -> list[str]:
    """The labels that stand in a text in braces, such as ``{team}``."""
    return _PLACEHOLDER.findall(text)


def _filled(text: str, of_alert: Mapping[str, str]) -> str:
    """The text with the alert's labels in it; a label it does not have stays to be seen."""
    return _PLACEHOLDER.sub(lambda found: of_alert.get(found[1], found[0]), text)

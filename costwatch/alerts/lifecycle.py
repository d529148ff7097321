"""What becomes of one alert as its rule is evaluated again and again. Pure.

Prometheus' semantics (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/):
a breach is pending until it has lasted ``for``, then it fires; when the breach is gone the alert goes on
firing for ``keep_firing_for``, then it is resolved. Three things are added. An unknown verdict changes
nothing. A resolved alert in breach again stays resolved, as it was told, until it fires anew. And where
the cost day an alert rests on is restated, the alert's text says so.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from costwatch.model import Alert, AlertState, Finding, Labels, Verdict, labels
from costwatch.plugins import Rule
from costwatch.wording import digits, quantity

REMEMBERED = timedelta(days=14)  # how long a resolved alert is still corrected and told


@dataclass(frozen=True, slots=True)
class Step:
    """``alert``: what there is now, if anything; ``event``: what is worth a line in the log, if anything."""

    alert: Alert | None
    event: Alert | None = None


def fingerprint(rule: str, of: Labels) -> str:
    """16 hex digits that stay the same for one instance of one rule."""
    return hashlib.sha256(json.dumps([rule, of]).encode()).hexdigest()[:16]


def advance(held: Alert | None, finding: Finding, rule: Rule, now: datetime) -> Step:
    """The instance after ``finding``; ``held`` is the instance before it."""
    if finding.verdict is Verdict.UNKNOWN:
        return Step(held)
    if finding.verdict is Verdict.OK:
        return without_breach(held, rule.keep_firing_for, now)
    since = held.active_at if held is not None and _in_breach(held) else now
    firing = held is not None and held.state is AlertState.FIRING
    fires = firing or now - since >= rule.for_
    alert = _alert(finding, rule, since)
    if held is not None and firing:
        alert = _told_before(held, replace(alert, state=AlertState.FIRING, fired_at=held.fired_at))
        return Step(alert, alert if _is_restated(held.evidence, alert.evidence) else None)
    if fires:
        alert = replace(alert, state=AlertState.FIRING, fired_at=now)
        return Step(alert, alert)
    begins = held is None or not _in_breach(held)
    if held is not None and held.state is AlertState.RESOLVED:
        return Step(replace(held, active_at=since), alert if begins else None)
    return Step(alert, alert if begins else None)


def without_breach(held: Alert | None, keep_firing_for: timedelta, now: datetime, why: str = "") -> Step:
    """The instance after an evaluation that did not see its breach; ``why`` is added to its text."""
    if held is None:
        return Step(None)
    over = replace(held, state=AlertState.RESOLVED, resolved_at=now, keep_firing_since=None)
    if held.state is AlertState.PENDING:
        return Step(None, over)
    if held.state is AlertState.RESOLVED:
        if held.resolved_at is None or not _in_breach(held):
            return Step(held)
        return Step(replace(held, active_at=held.resolved_at), over)
    since = held.keep_firing_since or now
    if now - since < keep_firing_for:
        return Step(replace(held, keep_firing_since=since))
    if why:
        over = replace(over, summary=f"{held.summary} ({why})")
    return Step(over, over)


def restated(alert: Alert, value: Decimal) -> Alert:
    """The alert, whose evidence is one cost day, now that this day costs ``value``."""
    evidence = alert.evidence
    if Decimal(evidence["value"]) == value:
        return alert
    said, was = evidence.get("said", alert.summary), evidence.get("restated_from", evidence["value"])
    return _corrected(alert, {**evidence, "value": digits(value)}, str(said), str(was), value)


def _in_breach(alert: Alert) -> bool:
    if alert.state is not AlertState.RESOLVED:
        return True
    return alert.resolved_at is not None and alert.active_at > alert.resolved_at


def _alert(finding: Finding, rule: Rule, since: datetime) -> Alert:
    return Alert(
        fingerprint=fingerprint(rule.name, finding.labels),
        rule=rule.name,
        severity=rule.severity,
        labels=labels(
            **{**dict(finding.labels), **rule.labels, "rule": rule.name, "severity": str(rule.severity)}
        ),
        state=AlertState.PENDING,
        value=finding.value,
        threshold=finding.threshold,
        unit=finding.unit,
        summary=finding.summary,
        runbook=rule.runbook,
        evidence=json.loads(json.dumps(dict(finding.evidence), default=str)),
        active_at=since,
        fired_at=None,
        resolved_at=None,
    )


def _is_restated(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return _same_day(old, new) and Decimal(old["value"]) != Decimal(new["value"])


def _same_day(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return is_one_day(old) and is_one_day(new) and all(old[key] == new[key] for key in ("query", "by", "day"))


def _told_before(held: Alert, alert: Alert) -> Alert:
    """``alert``, saying so where the same cost day was told with another value before."""
    if not _same_day(held.evidence, alert.evidence):
        return alert
    was = str(held.evidence.get("restated_from", held.evidence["value"]))
    return _corrected(alert, alert.evidence, alert.summary, was, Decimal(alert.evidence["value"]))


def is_one_day(evidence: Mapping[str, Any]) -> bool:
    """Whether a finding rests on one cost day, which can be looked up again."""
    if not {"query", "by", "day", "value"} <= evidence.keys():
        return False
    try:
        date.fromisoformat(evidence["day"])
        return Decimal(evidence["value"]).is_finite()
    except (TypeError, ValueError, ArithmeticError):
        return False


def _corrected(alert: Alert, evidence: Mapping[str, Any], said: str, was: str, value: Decimal) -> Alert:
    kept = {key: item for key, item in evidence.items() if key not in ("said", "restated_from")}
    if Decimal(was) == value:
        return replace(alert, value=value, summary=said, evidence=kept)
    day = date.fromisoformat(evidence["day"])
    new, old = quantity(value, alert.unit), quantity(Decimal(was), alert.unit)
    return replace(
        alert,
        value=value,
        summary=f"{said} · {day.day} {day:%b} restated: {new} (was {old})",
        evidence={**kept, "said": said, "restated_from": was},
    )

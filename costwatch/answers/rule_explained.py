"""Why a rule did or did not fire: what it looks at, and what it finds now; nothing is stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from costwatch.alerts import lifecycle
from costwatch.alerts.lifecycle import fingerprint
from costwatch.alerts.limit import within_limit
from costwatch.alerts.matchers import Matcher
from costwatch.answers.alert_details import Quiet, Routing, kept_quiet
from costwatch.answers.alert_history import Entry, alert_history
from costwatch.answers.rule_subject import looks_at, there_is
from costwatch.answers.unmatched import unmatched_rules
from costwatch.errors import CostwatchError
from costwatch.model import Alert, AlertState, Finding, Severity, Verdict
from costwatch.plugins import Rule, duration_text, max_alerts_of
from costwatch.warehouse.alerts.alerts import current_alerts
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import is_damage
from costwatch.wording import at_instant, quantity

_STATES = (AlertState.FIRING, AlertState.PENDING, AlertState.RESOLVED, None)


@dataclass(frozen=True, slots=True)
class Instance:
    """One finding and what becomes of it. Texts are not escaped.

    state: what an evaluation now would make of it; None: nothing. why: sentences.
    quiet, receivers, told: of an alert that fires: what keeps it quiet, where it goes, the message that
    told it last, if any did.
    """

    fingerprint: str
    finding: Finding
    state: AlertState | None
    why: tuple[str, ...]
    quiet: Quiet | None = None
    receivers: tuple[str, ...] = ()
    told: Entry | None = None


@dataclass(frozen=True, slots=True)
class RuleExplained:
    """What a rule looks at, and what it finds. ``error``: why it cannot be evaluated; empty: it can.

    unmatched: why nothing that is known fits it; empty: something does. unreported: alerts of it that fire
    and that it finds nothing of now, each with what becomes of it. left: findings that the labels leave out.
    """

    rule: Rule
    looks_at: tuple[str, ...]
    error: str
    unmatched: str
    evaluated: str
    instances: tuple[Instance, ...]
    unreported: tuple[tuple[Alert, str], ...] = ()
    left: tuple[Finding, ...] = ()


def explain_rule(
    facts: WarehouseSnapshot, rule: Rule, matchers: Sequence[Matcher], routing: Routing | None, now: datetime
) -> RuleExplained:
    """Evaluate one rule on what is known now, and say why; nothing is stored.

    matchers: only of instances whose alert would have labels that meet these all.
    """
    error, found = "", []
    try:
        found = list(rule.evaluate(facts, now))
    except Exception as failure:  # a rule may be anyone's: that it fails is the answer
        if is_damage(failure):
            raise
        is_ours = isinstance(failure, CostwatchError)
        error = str(failure) if is_ours else f"{type(failure).__name__}: {failure}"
    known = current_alerts(facts.db, now - lifecycle.REMEMBERED)
    held = {key: alert for key, alert in known.items() if alert.rule == rule.name}
    findings = {fingerprint(rule.name, one.labels): one for one in found}
    if len(findings) < len(found):
        error = "two of its findings have the same labels"
    meant = [one for one in found if all(matcher.matches(labels_of(one, rule)) for matcher in matchers)]
    instances = [] if error else list(_instances(rule, findings, meant, held, now))
    firing = [held[one.fingerprint] for one in instances if _fires(held.get(one.fingerprint))]
    quiet = kept_quiet(facts.db, firing, routing, now)
    told = _last_told(facts, rule.name, now)
    return RuleExplained(
        rule=rule,
        looks_at=(*looks_at(rule, facts), *(() if found or error else there_is(rule, facts, now))),
        error=error,
        unmatched=unmatched_rules(facts, [rule], now).get(rule.name, ""),
        evaluated=_evaluated(facts, rule.name),
        instances=tuple(
            sorted((_told(one, quiet, routing, told, held) for one in instances), key=_by_concern)
        ),
        unreported=() if error else tuple(_unreported(rule, findings, held, now)),
        left=tuple(one for one in found if one not in meant),
    )


def _unreported(
    rule: Rule, findings: Mapping[str, Finding], held: Mapping[str, Alert], now: datetime
) -> Iterator[tuple[Alert, str]]:
    # A rule that knows nothing says so once, without labels: that speaks for all its instances.
    knows = rule.no_data == "ok" or all(
        one.labels or one.verdict is not Verdict.UNKNOWN for one in findings.values()
    )
    still = within_limit(rule, findings, held)
    for key, alert in held.items():
        if not alert.is_firing or key in still:
            continue
        after = lifecycle.without_breach(alert, rule.keep_firing_for, now).alert
        if not knows:
            yield alert, "stays as it is while nothing is known (no_data: keep)"
        elif after is not None and after.keep_firing_since is not None:
            end = after.keep_firing_since + rule.keep_firing_for
            yield alert, f"no longer found by its rule; held up until {at_instant(end)} (keep_firing_for)"
        else:
            yield alert, "no longer found by its rule: over when it is evaluated next"


def _instances(
    rule: Rule,
    findings: Mapping[str, Finding],
    meant: Iterable[Finding],
    held: Mapping[str, Alert],
    now: datetime,
) -> Iterator[Instance]:
    """What becomes of each finding that is meant, and of the one that stands for too many."""
    told_of = within_limit(rule, findings, held)
    for one in meant:
        key = fingerprint(rule.name, one.labels)
        if key in told_of:
            yield _instance(one, rule, held.get(key), now)
        else:
            limit = f"left out: its rule matches more than its max_alerts of {max_alerts_of(rule):,}"
            yield Instance(key, one, None, (one.summary, limit))
    for key in told_of.keys() - findings.keys():
        yield _instance(told_of[key], rule, held.get(key), now)


def labels_of(finding: Finding, rule: Rule) -> dict[str, str]:
    """The labels that an alert of this finding has."""
    severity = str(finding.severity or rule.severity)
    return {**dict(finding.labels), **rule.labels, "rule": rule.name, "severity": severity}


def _evaluated(facts: WarehouseSnapshot, rule: str) -> str:
    row = facts.db.execute("SELECT at, error FROM evaluation WHERE rule = ?", (rule,)).fetchone()
    if row is None:
        return "never evaluated so far; run: costwatch alerts eval"
    said = f"last evaluated {row['at'].replace('T', ' ').removesuffix(':00Z')} UTC"
    return f"{said}, in vain: {row['error']}" if row["error"] else said


# --- what becomes of a finding -----------------------------------------------------------------


def _instance(finding: Finding, rule: Rule, held: Alert | None, now: datetime) -> Instance:
    after = lifecycle.advance(held, finding, rule, now).alert
    why = tuple(_why(finding, rule, held, after, now))
    return Instance(fingerprint(rule.name, finding.labels), finding, _state(after, finding, rule), why)


def _state(after: Alert | None, finding: Finding, rule: Rule) -> AlertState | None:
    if after is None or (after.state is AlertState.RESOLVED and not lifecycle.in_breach(finding, rule)):
        return None
    # What was over and is in breach again stays as it was told until it fires anew.
    return AlertState.PENDING if after.state is AlertState.RESOLVED else after.state


def _why(
    finding: Finding, rule: Rule, held: Alert | None, after: Alert | None, now: datetime
) -> Iterator[str]:
    if finding.verdict is Verdict.UNKNOWN:
        yield f"no data: {finding.summary}"
        yield {
            "keep": "so nothing changes (no_data: keep)",
            "ok": "which counts as no breach (no_data: ok)",
            "alert": "which is told like a breach is (no_data: alert)",
        }[rule.no_data]
    elif finding.verdict is Verdict.OK:
        yield f"not in breach: {finding.summary}"
    elif too_small := lifecycle.too_small(finding, rule):
        yield f"in breach, but too small to matter: {too_small} (min_impact): {finding.summary}"
    else:
        yield finding.summary
    if after is None:
        return
    if after.state is AlertState.FIRING:
        yield from _firing(rule, held, after, now)
    elif lifecycle.in_breach(finding, rule) or after.state is AlertState.PENDING:
        end = after.active_at + rule.for_
        since = f"in breach since {at_instant(after.active_at)}"
        yield f"{since}; fires {at_instant(end)} if it lasts (for: {_span(rule.for_)})"


def _firing(rule: Rule, held: Alert | None, after: Alert, now: datetime) -> Iterator[str]:
    if held is None or not held.is_firing:
        yield "fires when it is evaluated next; run: costwatch alerts eval"
    elif after.fired_at != held.fired_at:
        yield "fires anew when it is evaluated next: it is more severe, or of another kind"
    elif after.fired_at is not None:
        yield f"fires since {at_instant(after.fired_at)}"
    if after.keep_firing_since is not None:
        end = after.keep_firing_since + rule.keep_firing_for
        yield f"held up until {at_instant(end)} (keep_firing_for: {_span(rule.keep_firing_for)})"


def _span(of: timedelta) -> str:
    return duration_text(of) if of else "0s"


# --- who is told -------------------------------------------------------------------------------


def _told(
    one: Instance,
    quiet: Mapping[str, Quiet],
    routing: Routing | None,
    told: Mapping[str, Entry],
    held: Mapping[str, Alert],
) -> Instance:
    if one.fingerprint not in quiet:
        return one
    alert = held[one.fingerprint]
    nodes = routing.root.match(dict(alert.labels)) if routing else []
    last = told.get(one.fingerprint)
    return Instance(
        one.fingerprint,
        one.finding,
        one.state,
        one.why,
        quiet[one.fingerprint],
        tuple(dict.fromkeys(node.receiver for node in nodes)),
        last if last and alert.fired_at and last.at >= alert.fired_at else None,
    )


def _last_told(facts: WarehouseSnapshot, rule: str, now: datetime) -> dict[str, Entry]:
    history = alert_history(facts.db, now - lifecycle.REMEMBERED, rule=rule)
    return {entry.fingerprint: entry for entry in history if entry.is_message}


def _fires(alert: Alert | None) -> bool:
    return alert is not None and alert.is_firing


def _by_concern(one: Instance) -> tuple[int, int, float]:
    """What fires first, then what is pending, unknown, and nearest to its threshold."""
    finding = one.finding
    gap = 1.0
    if finding.value is not None and finding.threshold:
        gap = abs(float((finding.threshold - finding.value) / finding.threshold))
    is_unknown = finding.verdict is Verdict.UNKNOWN
    return _STATES.index(one.state), 0 if is_unknown else 1, gap


def values_found(findings: Iterable[Finding], rule: Rule) -> dict[str, set[str]]:
    """What the labels of these findings are, by label."""
    found: dict[str, set[str]] = {}
    for finding in findings:
        for label, value in labels_of(finding, rule).items():
            found.setdefault(label, set()).add(value)
    return found


def against(finding: Finding) -> str:
    """``$533.16 against $300.00``; '' where there is no value."""
    if finding.value is None:
        return ""
    limit = finding.threshold
    return quantity(finding.value, finding.unit) + (
        f" against {quantity(limit, finding.unit)}" if limit is not None else ""
    )


def severity_of(finding: Finding, rule: Rule) -> Severity:
    """How urgent an alert of this finding is."""
    return finding.severity or rule.severity

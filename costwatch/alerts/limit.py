"""A rule that matches far more than it was meant to tells that once, in place of each. Pure."""

from collections.abc import Mapping

from costwatch.alerts.lifecycle import fingerprint, in_breach
from costwatch.model import Alert, AlertState, Finding, Severity, Verdict, labels
from costwatch.plugins import Rule, max_alerts_of
from costwatch.wording import shortened

_INSTANCE = labels(limit="max_alerts")
_URGENCY = {severity: number for number, severity in enumerate(Severity)}
_EXAMPLE_LENGTH = 200


def within_limit(
    rule: Rule, findings: Mapping[str, Finding], held: Mapping[str, Alert]
) -> dict[str, Finding]:
    """``findings`` by fingerprint or, where more are in breach than ``max_alerts``, one that says so.

    What is pending or fires already goes on by itself, so that nobody waits for its end; all others of the
    breaches are left out.
    """
    limit = max_alerts_of(rule)
    loud = [key for key, finding in findings.items() if _is_told(finding, rule)]
    if len(loud) <= limit:
        return dict(findings)
    goes_on = {key for key, alert in held.items() if alert.state is not AlertState.RESOLVED}
    kept = {key: one for key, one in findings.items() if key in goes_on or not _is_told(one, rule)}
    return {
        **kept,
        fingerprint(rule.name, _INSTANCE): _too_many(rule, [findings[key] for key in loud], limit),
    }


def _is_told(finding: Finding, rule: Rule) -> bool:
    is_unknown = finding.verdict is Verdict.UNKNOWN and rule.no_data == "alert"
    return is_unknown or in_breach(finding, rule)


def _too_many(rule: Rule, loud: list[Finding], limit: int) -> Finding:
    severity = min((one.severity or rule.severity for one in loud), key=_URGENCY.__getitem__)
    said = (
        f"rule {rule.name} matches {len(loud):,}, more than its max_alerts of {limit:,}: refine it; "
        f"those that did not fire before are not told one by one, such as: "
    )
    said += shortened(loud[0].summary, _EXAMPLE_LENGTH)
    return Finding(_INSTANCE, Verdict.BREACH, None, None, "", said, loud[0].about, severity=severity)

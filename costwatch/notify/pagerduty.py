"""Receiver kind ``pagerduty``: an incident for each alert, by the Events API v2."""

from collections.abc import Iterator, Mapping, Set
from hashlib import sha256
from typing import Any

from pydantic import Field

from costwatch.alerts.line import query_of, texts
from costwatch.alerts.message import owner_in_words, sentence
from costwatch.model import Alert, Group, Receipt, Severity
from costwatch.money import short
from costwatch.notify.web.addresses import ClosedAddress
from costwatch.notify.web.posting import json_text, post_json, secret
from costwatch.notify.web.prometheus_alerts import instant, starts_at
from costwatch.plugins import Settings
from costwatch.secret import SecretReference
from costwatch.wording import printable, quantity, shortened

# https://developer.pagerduty.com/docs/send-alert-event; an event may have 512 kB.
_SUMMARY_AT_MOST = 1_024
_DETAILS_AT_MOST = 100
_DETAIL_AT_MOST = 800
_LINKS_AT_MOST = 5
_SEVERITY = {Severity.PAGE: "critical", Severity.TICKET: "warning", Severity.INFO: "info"}
_OVER = "info"  # of what was over before it could be told: known, and nobody woken for it


class PagerDuty(Settings):
    """A PagerDuty service, by the routing key of an integration "Events API V2" of it.

    Each alert is an alert there, with its fingerprint as ``dedup_key``: triggered when it fires, resolved
    when it is over. What is not to interrupt anyone (as it flaps) triggers nothing new. page is told as
    critical, ticket as warning, info as info: with urgency by severity only the first wakes anyone.

    name: as routes call it. routing_key: a reference to it. max_alerts: of one group no more than so many are
    triggered; one more alert says how many there are. url: of the Events API, such as
    https://events.eu.pagerduty.com/v2/enqueue in Europe. timeout_seconds: how long a call may take.

    Example::

        - {name: pager, kind: pagerduty, routing_key: "${env:PAGERDUTY_ROUTING_KEY}"}
    """

    name: str = Field(min_length=1)
    routing_key: SecretReference
    max_alerts: int = Field(default=50, ge=1, le=1_000)
    url: ClosedAddress = "https://events.pagerduty.com/v2/enqueue"
    timeout_seconds: int = Field(default=10, ge=1, le=120)

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        """See ``plugins.Notifier``. The receipt holds the keys of what is open there."""
        key = secret(self.name, self.routing_key)
        before = set(previous.reference.get("open", "").split()) if previous else set()
        if previous is None:
            for alert in [alert for alert in group.alerts if not alert.is_firing][: self.max_alerts]:
                self._send(key, "trigger", alert.fingerprint, _event(group, alert, _OVER))
        is_open = self._trigger(key, group, before)
        for dedup_key in (*sorted(before - is_open.keys()), *self._over(group, before)):
            self._send(key, "resolve", dedup_key, {})
        return Receipt({"open": " ".join(is_open)})

    def _trigger(self, key: str, group: Group, before: Set[str]) -> dict[str, Alert]:
        """Trigger what fires, what is open there first; what is open then, by its key."""
        firing = [alert for alert in group.alerts if alert.is_firing]
        wanted = [alert for alert in firing if group.is_aloud or alert.fingerprint in before]
        wanted.sort(key=lambda alert: alert.fingerprint not in before)
        kept, left = wanted[: self.max_alerts], wanted[self.max_alerts :]
        is_open = {alert.fingerprint: alert for alert in kept}
        for dedup_key, alert in is_open.items():
            self._send(key, "trigger", dedup_key, _event(group, alert, _SEVERITY[alert.severity]))
        if left:
            more = {f"rest-{sha256(group.key.encode()).hexdigest()[:16]}": left[0]}
            (dedup_key,) = more
            said = f"{len(left)} more alerts of this group fire; group by fewer at a time"
            self._send(key, "trigger", dedup_key, _event(group, left[0], _SEVERITY[left[0].severity], said))
            is_open |= more
        return is_open

    def _over(self, group: Group, before: Set[str]) -> list[str]:
        """What is over and may be open there all the same, as a try that failed halfway triggered it."""
        over = [alert for alert in group.alerts if not alert.is_firing and alert.fingerprint not in before]
        over.sort(key=lambda alert: alert.resolved_at or alert.active_at, reverse=True)
        return [alert.fingerprint for alert in over[: self.max_alerts]]

    def _send(self, key: str, action: str, dedup_key: str, event: Mapping[str, Any]) -> None:
        body = {"routing_key": key, "event_action": action, "dedup_key": dedup_key, **event}
        post_json(self.name, "PagerDuty", self.url, json_text(body), self.timeout_seconds)


def _event(group: Group, alert: Alert, severity: str, said: str = "") -> dict[str, Any]:
    labels = {printable(name): printable(value) for name, value in alert.labels}
    source = next((labels[name] for name in ("cluster", "service", "team") if labels.get(name)), "costwatch")
    payload = {
        "summary": shortened(said or sentence(alert).strip() or printable(alert.rule), _SUMMARY_AT_MOST),
        "source": shortened(source, 255),
        "severity": severity,
        "timestamp": instant(starts_at(alert)),
        "component": shortened(labels.get("service", ""), 255),
        "group": shortened(labels.get("team", ""), 255),
        "class": printable(alert.rule),
        "custom_details": dict(_details(group, alert)),
    }
    event = {"payload": payload, "client": "costwatch", "links": list(_links(group, alert))}
    return {name: value for name, value in event.items() if value}


def _details(group: Group, alert: Alert) -> Iterator[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if alert.value is not None:
        found.append(("value", quantity(alert.value, alert.unit)))
    if alert.threshold is not None:
        found.append(("threshold", quantity(alert.threshold, alert.unit)))
    if alert.impact is not None:
        found.append(("a month if it stays", short(alert.impact.amount, alert.impact.currency)))
    found += [("owner", ", ".join(map(owner_in_words, group.owners))), ("note", group.note)]
    found += [("remarks", "; ".join(group.remarks.get(alert.fingerprint, ())))]
    found += [*texts(alert), *alert.labels]
    for name, text in [pair for pair in found if pair[1]][:_DETAILS_AT_MOST]:
        yield shortened(printable(name), 100), shortened(printable(text), _DETAIL_AT_MOST)


def _links(group: Group, alert: Alert) -> Iterator[dict[str, str]]:
    links = [*group.links.items(), ("Runbook", alert.runbook), ("Query", query_of(alert))]
    web = [
        (text, url) for text, url in links if url.startswith(("https://", "http://")) and url.isprintable()
    ]
    for text, url in web[:_LINKS_AT_MOST]:
        yield {"href": url, "text": shortened(printable(text), 100)}

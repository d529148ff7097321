"""All of one alert, and what keeps which alerts quiet now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from costwatch.alerts.acknowledgement import ACK_TIMEOUT, text
from costwatch.alerts.lifecycle import REMEMBERED
from costwatch.alerts.muting import InhibitRule, Muted, muted, muted_on
from costwatch.alerts.routing import Node
from costwatch.alerts.silencing import was_expected
from costwatch.answers.alert_history import Entry, alert_history
from costwatch.model import Alert, AlertState, Severity, Silence
from costwatch.warehouse.alerts import acts
from costwatch.warehouse.alerts.acts import Ack, Answer
from costwatch.warehouse.alerts.alerts import current_alerts
from costwatch.warehouse.alerts.silences import silences
from costwatch.warehouse.store import Transaction

_URGENCY = {severity: number for number, severity in enumerate(Severity)}
_STATES = {AlertState.FIRING: 0, AlertState.PENDING: 1, AlertState.RESOLVED: 2}


@dataclass(frozen=True, slots=True)
class Routing:
    """Where alerts go: ``root``, and which keep others quiet."""

    root: Node
    inhibit_rules: tuple[InhibitRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Quiet:
    """What keeps one alert of this severity quiet, and who sees to it.

    muted: everywhere. muted_on: receiver -> why it is muted on its way there. unexpected: that somebody
    expected another value; empty: nobody did.
    """

    severity: Severity
    muted: Muted | None = None
    muted_on: Mapping[str, Muted] = field(default_factory=dict)
    ack: Ack | None = None
    unexpected: str = ""

    @property
    def is_muted(self) -> bool:
        """Whether nobody is told of it now, on one of its ways at least."""
        return bool(self.muted or self.muted_on)

    def remarks(self, now: datetime) -> tuple[str, ...]:
        """A sentence on each; not escaped."""
        found = [self.muted.text] if self.muted else []
        found += [f"{receiver}: {why.text}" for receiver, why in self.muted_on.items()]
        if self.ack:
            said = f": {self.ack.comment}" if self.ack.comment else ""
            is_old = now - self.ack.at >= ACK_TIMEOUT[self.severity]
            found.append(f"{text(self.ack.who, self.ack.at)}{said}{', too old: repeated' if is_old else ''}")
        return (*found, *([self.unexpected] if self.unexpected else []))


@dataclass(frozen=True, slots=True)
class AlertDetails:
    """All of one alert. receivers: where it goes; None: no route is known. messages: the newest last."""

    alert: Alert
    quiet: Quiet
    receivers: tuple[str, ...] | None
    messages: tuple[Entry, ...]
    feedback: tuple[Answer, ...]


def alert_details(db: Transaction, alert: Alert, routing: Routing | None, now: datetime) -> AlertDetails:
    """What is known of an alert that is or was; messages of the last 90 days."""
    (quiet,) = kept_quiet(db, [alert], routing, now).values()
    nodes = routing.root.match(dict(alert.labels)) if routing else []
    history = alert_history(db, now - timedelta(days=90), fingerprint=alert.fingerprint)
    told = tuple(entry for entry in history if entry.is_message)
    return AlertDetails(
        alert,
        quiet,
        tuple(dict.fromkeys(node.receiver for node in nodes)) if routing else None,
        told,
        tuple(acts.feedback(db, alert.fingerprint)),
    )


def kept_quiet(
    db: Transaction, alerts: Sequence[Alert], routing: Routing | None, now: datetime
) -> dict[str, Quiet]:
    """What keeps each of ``alerts`` quiet, by fingerprint; without ``routing``, as far as people did it."""
    known: list[Silence] = silences(db)
    everyone = current_alerts(db, now - REMEMBERED).values()  # what fires may inhibit
    everywhere = muted([*everyone], known, routing.inhibit_rules if routing else (), now)
    seen_to = acts.acks(db, now)
    on_route = _muted_on_routes(alerts, routing, now)
    return {
        alert.fingerprint: Quiet(
            alert.severity,
            everywhere.get(alert.fingerprint) if alert.is_firing else None,
            on_route[alert.fingerprint],
            seen_to.get((alert.fingerprint, alert.fired_at)),
            was_expected(alert, known, now) if alert.is_firing else "",
        )
        for alert in alerts
    }


def ranked(alerts: Iterable[Alert]) -> list[Alert]:
    """What fires by urgency and by what it costs a month, then what is pending; what is over comes last."""
    newest = sorted(alerts, key=lambda alert: alert.fired_at or alert.active_at, reverse=True)
    return sorted(
        newest,
        key=lambda alert: (
            _STATES[alert.state],
            _URGENCY[alert.severity],
            -alert.impact.amount if alert.impact and alert.is_firing else 0,
        ),
    )


def _muted_on_routes(
    alerts: Iterable[Alert], routing: Routing | None, now: datetime
) -> Mapping[str, dict[str, Muted]]:
    found: dict[str, dict[str, Muted]] = defaultdict(dict)
    for alert in alerts if routing else ():
        for node in routing.root.match(dict(alert.labels)) if routing and alert.is_firing else ():
            if why := muted_on(node, [alert], now).get(alert.fingerprint):
                found[alert.fingerprint][node.receiver] = why
    return found

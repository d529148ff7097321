"""Whether there is anything to say of a group of alerts, and why. Pure."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from costwatch.model import Alert, AlertState, Reason

Episode = tuple[str, datetime | None]


def episode(alert: Alert) -> Episode:
    """One firing of one alert: what is told once and then only corrected."""
    return alert.fingerprint, alert.fired_at


def present(
    told: Sequence[Alert], owed: Set[str], alerts: Sequence[Alert], now: datetime
) -> tuple[Alert, ...]:
    """The alerts a message about a group would hold now, firing ones first.

    told: as the last message that may have arrived told them. owed: fingerprints of alerts that fired
    and were never told, so that one that is over already is still told. alerts: what is stored of the
    group. An alert told as firing that is no longer in the group is told as resolved. Where all that
    was told is over, what fires now begins a message of its own.
    """
    known = {episode(alert) for alert in told}
    fired = [alert for alert in alerts if alert.fired_at is not None]
    held = [
        alert for alert in fired if alert.is_firing or episode(alert) in known or alert.fingerprint in owed
    ]
    fresh = [alert for alert in held if episode(alert) not in known]
    if fresh and not any(alert.is_firing for alert in told):
        held = fresh
    else:
        there = {alert.fingerprint for alert in fired}
        left = (alert for alert in told if alert.fingerprint not in there)
        held += (_over(alert, now) if alert.is_firing else alert for alert in left)
    return tuple(sorted(held, key=lambda alert: (not alert.is_firing, alert.rule, alert.labels)))


@dataclass(frozen=True, slots=True)
class LastSent:
    """The last message of a group that may have arrived; ``aloud_at``: when people were last interrupted."""

    alerts: tuple[Alert, ...]
    digest: str
    aloud_at: datetime


def reason(
    previous: LastSent | None, alerts: Sequence[Alert], now: datetime, repeat_interval: timedelta
) -> Reason | None:
    """Why to send a message that holds ``alerts``, as ``present`` gave them; None: nothing to say."""
    known = {episode(alert) for alert in previous.alerts} if previous else set()
    is_open = previous is not None and any(alert.is_firing for alert in previous.alerts)
    is_fresh = any(episode(alert) not in known for alert in alerts)
    if previous is None or (is_fresh and not is_open):
        return Reason.FIRST if alerts else None
    if is_open and not any(alert.is_firing for alert in alerts):
        return Reason.RESOLVED
    if is_fresh:
        return Reason.NEW
    if is_open and now - previous.aloud_at >= repeat_interval:
        return Reason.REPEAT
    return Reason.CHANGED if digest(alerts) != previous.digest else None


def digest(alerts: Iterable[Alert]) -> str:
    """Of what people read of alerts: equal means that there is nothing new to read."""
    read = [(*_plain(episode(alert)), str(alert.state), alert.summary) for alert in alerts]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()[:32]


def _over(alert: Alert, now: datetime) -> Alert:
    return replace(alert, state=AlertState.RESOLVED, resolved_at=now)


def _plain(of: Episode) -> Iterator[str]:
    fingerprint, fired_at = of
    yield fingerprint
    yield fired_at.isoformat() if fired_at else ""

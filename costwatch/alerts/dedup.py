"""Whether there is anything to say of a group of alerts, and why. Pure."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from costwatch.model import Alert, AlertState, Reason

Episode = tuple[str, datetime | None]


def episode(alert: Alert) -> Episode:
    """One firing of one alert: what is told once and then only corrected."""
    return alert.fingerprint, alert.fired_at


def present(
    told: Sequence[Alert],
    owed: Set[str],
    alerts: Sequence[Alert],
    now: datetime,
    muted: Collection[str] = (),
) -> tuple[Alert, ...]:
    """The alerts a message about a group would hold now, firing ones first.

    told: as the last message that may have arrived told them. owed: fingerprints of alerts that fired
    and were never told, so that one that is over already is still told. alerts: what is stored of the
    group. muted: fingerprints of those that are muted. An alert told as firing that is no longer in the
    group is told as resolved. Where all that was told is over, what fires now begins a message of its own.

    A muted alert joins no message. One that was told before stays as it was told while it fires, so that
    it is not taken for over; when it is over, that is told.
    """
    known = {episode(alert): alert for alert in told}
    held = []
    for alert in alerts:
        is_known, is_muted = episode(alert) in known, alert.fingerprint in muted
        if alert.fired_at is None:
            continue
        if is_known:
            held.append(known[episode(alert)] if is_muted and alert.is_firing else alert)
        elif not is_muted and (alert.is_firing or alert.fingerprint in owed):
            held.append(alert)
    fresh = [alert for alert in held if episode(alert) not in known]
    if fresh and not any(alert.is_firing for alert in told):
        held = fresh
    else:
        there = {alert.fingerprint for alert in held}
        left = (alert for alert in told if alert.fingerprint not in there)
        held += [_over(alert, now) if alert.is_firing else alert for alert in left]
    return tuple(sorted(held, key=lambda alert: (not alert.is_firing, alert.rule, alert.labels)))


@dataclass(frozen=True, slots=True)
class LastSent:
    """The last message of a group that may have arrived; ``aloud_at``: when people were last interrupted."""

    alerts: tuple[Alert, ...]
    digest: str
    aloud_at: datetime


def reason(
    previous: LastSent | None,
    alerts: Sequence[Alert],
    now: datetime,
    repeat_interval: timedelta,
    quiet: Set[Episode] = frozenset(),
) -> Reason | None:
    """Why to send a message that holds ``alerts``, as ``present`` gave them; None: nothing to say.

    quiet: what is muted, or acknowledged. A group is repeated for what else fires in it.
    """
    known = {episode(alert) for alert in previous.alerts} if previous else set()
    is_open = previous is not None and any(alert.is_firing for alert in previous.alerts)
    is_fresh = any(episode(alert) not in known for alert in alerts)
    if previous is None or (is_fresh and not is_open):
        return Reason.FIRST if alerts else None
    if is_open and not any(alert.is_firing for alert in alerts):
        return Reason.RESOLVED
    if is_fresh:
        return Reason.NEW
    is_due = is_open and now - previous.aloud_at >= repeat_interval
    if is_due and any(alert.is_firing and episode(alert) not in quiet for alert in alerts):
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

"""What people do about alerts: silence, snooze, acknowledge, say whether it was worth it.

Each act is written in one transaction with who did it, when and why; doing it twice is doing it once.
``deliver`` heeds them at its next run; ``evaluate`` does not know them: an alert fires on.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from costwatch.alerts.matchers import Matcher
from costwatch.alerts.muting import matches
from costwatch.errors import UsageError
from costwatch.model import Acknowledge, Act, Alert, AlertState, Feedback, Silence, Snooze
from costwatch.warehouse.alerts import acts, silences
from costwatch.warehouse.alerts.alerts import current_alerts
from costwatch.warehouse.store import Warehouse
from costwatch.wording import at_instant

SILENCED_AT_MOST = timedelta(days=90)  # what must stay quiet for longer wants another rule or route


@dataclass(frozen=True, slots=True)
class Silenced:
    """A silence, and the alerts that fire or are pending now and that it is about; it may have none."""

    silence: Silence
    alerts: tuple[Alert, ...]


def silence(
    warehouse: Warehouse, matchers: Sequence[str], span: timedelta, who: str, comment: str, now: datetime
) -> Silenced:
    """Keep alerts with these labels out of messages from ``now`` for ``span``.

    The same silence again, by the same person for the same reason, moves the end of the one that is
    active. Raises UsageError for matchers that would take every alert, for no comment, and for a span
    that is not above 0 or is above ``SILENCED_AT_MOST``.
    """
    if not matchers or all(_parsed(text).matches({}) for text in matchers):
        raise UsageError("silence: at least one matcher must need a label to be there; name what it is about")
    if not comment.strip():
        raise UsageError("silence: it has no comment; say why, for those who miss the messages")
    return _add(warehouse, tuple(dict.fromkeys(matchers)), "", span, who, comment, now)


def snooze(
    warehouse: Warehouse, fingerprint: str, span: timedelta, who: str, comment: str, now: datetime
) -> Silenced:
    """Keep one alert out of messages from ``now`` for ``span``. Raises UsageError where none fires."""
    _firing(warehouse, fingerprint)
    return _add(warehouse, (), fingerprint, span, who, comment, now)


def expire_silence(warehouse: Warehouse, id: str, who: str, now: datetime) -> Silence:
    """End a silence or a snooze now. Raises UsageError where none has this id; one that is over stays so."""
    now = now.replace(microsecond=0)
    with warehouse.read() as db:
        found = silences.silence_of(db, id)
    if found is None:
        raise UsageError(f"silence '{id}': there is none; see: costwatch alerts silences")
    if found.ends_at <= now:
        return found
    expired = replace(found, ends_at=now, expired_by=_someone(who))
    with warehouse.write() as db:
        silences.save_silence(db, expired)
    return expired


def acknowledge(warehouse: Warehouse, fingerprint: str, who: str, comment: str, now: datetime) -> Alert:
    """Say that someone sees to an alert, so that it is not repeated until it fires anew.

    A group is still repeated for other alerts in it, and told what is new. Raises UsageError where no
    such alert fires.
    """
    alert, fired_at = _firing(warehouse, fingerprint)
    with warehouse.write() as db:
        acts.save_ack(db, Acknowledge(fingerprint, _someone(who), comment), fired_at, now)
    return alert


def give_feedback(warehouse: Warehouse, feedback: Feedback, now: datetime) -> Alert:
    """Keep whether an alert that fires or fired last was worth it. Raises UsageError where it never did."""
    alert, fired_at = _fired(warehouse, feedback.fingerprint)
    with warehouse.write() as db:
        acts.save_feedback(db, replace(feedback, who=_someone(feedback.who)), fired_at, now)
    return alert


def perform(warehouse: Warehouse, act: Act, now: datetime) -> str:
    """Do what a person asked for by a button; a sentence for them. Raises UsageError as the acts do."""
    match act:
        case Acknowledge(fingerprint, who, comment):
            return f"{who} sees to: {acknowledge(warehouse, fingerprint, who, comment, now).summary}"
        case Snooze(fingerprint, span, who, comment):
            snoozed = snooze(warehouse, fingerprint, span, who, comment, now).silence
            return f"quiet until {at_instant(snoozed.ends_at)}, by {snoozed.who}"
        case Feedback():
            return f"{act.worth}: {give_feedback(warehouse, act, now).summary}"


def active_silences(warehouse: Warehouse, now: datetime) -> list[Silenced]:
    """Silences and snoozes that are not over, the first to end first, and what each is about now."""
    with warehouse.read() as db:
        found = silences.silences(db, now)
        alerts = _unresolved(current_alerts(db, now).values())
    return [Silenced(each, _about(each, alerts)) for each in found]


def _add(
    warehouse: Warehouse,
    matchers: tuple[str, ...],
    fingerprint: str,
    span: timedelta,
    who: str,
    comment: str,
    now: datetime,
) -> Silenced:
    now = now.replace(microsecond=0)
    if not timedelta() < span <= SILENCED_AT_MOST:
        raise UsageError(f"silence: for {span} is not possible; at most for {SILENCED_AT_MOST.days}d")
    new = Silence("", matchers, fingerprint, now, now + span, _someone(who), comment)
    new = replace(new, id=_id(new))
    with warehouse.read() as db:
        alerts = _unresolved(current_alerts(db, now).values())
    with warehouse.write() as db:
        for old in silences.silences(db, now):
            if replace(old, id=new.id, starts_at=now, ends_at=new.ends_at) == new:
                new = replace(old, ends_at=max(old.ends_at, new.ends_at))
        silences.save_silence(db, new)
    return Silenced(new, _about(new, alerts))


def _id(silence: Silence) -> str:
    parts = [silence.matchers, silence.fingerprint, silence.who, silence.comment, str(silence.starts_at)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _unresolved(alerts: Iterable[Alert]) -> list[Alert]:
    return [alert for alert in alerts if alert.state is not AlertState.RESOLVED]


def _about(silence: Silence, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    matchers = [Matcher.parse(text) for text in silence.matchers]
    return tuple(alert for alert in alerts if matches(silence, matchers, alert, dict(alert.labels)))


def _parsed(text: str) -> Matcher:
    try:
        return Matcher.parse(text)
    except ValueError as error:
        raise UsageError(f"matcher {text!r}: {error}") from None


def _firing(warehouse: Warehouse, fingerprint: str) -> tuple[Alert, datetime]:
    alert, fired_at = _fired(warehouse, fingerprint)
    if not alert.is_firing:
        raise UsageError(f"alert '{fingerprint}': it is over; see: costwatch alerts list --resolved 14d")
    return alert, fired_at


def _fired(warehouse: Warehouse, fingerprint: str) -> tuple[Alert, datetime]:
    with warehouse.read() as db:
        found = acts.fired_alert(db, fingerprint)
    if found is None:
        raise UsageError(f"alert '{fingerprint}': none that fired; see: costwatch alerts list")
    return found


def _someone(who: str) -> str:
    if not who.strip():
        raise UsageError("who: nobody is named; an act needs someone who did it")
    return who.strip()

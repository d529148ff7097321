"""What people do about alerts: Ack, Expected until, Silence, Useful, Noise.

Each act is one transaction, with who did it, when and why, and a line in the log of who did what; doing it
twice is doing it once. ``deliver`` heeds them at its next run. ``evaluate`` knows only what is expected: an
alert fires on while it is silenced.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from costwatch.alerts.muting import matches
from costwatch.alerts.silencing import (
    TOLERANCE,
    SilenceLimits,
    Terms,
    allowed_comment,
    checked_matchers,
    checked_who,
    described,
    edited,
    is_same,
    matchers_of,
)
from costwatch.answers.alerts import alert_called
from costwatch.errors import UsageError
from costwatch.model import (
    Acknowledge,
    Act,
    ActRecord,
    Alert,
    AlertState,
    Band,
    Expect,
    Feedback,
    Silence,
    SilenceAlert,
)
from costwatch.warehouse.alerts import acts, silences
from costwatch.warehouse.alerts.alerts import current_alerts
from costwatch.warehouse.store import Transaction, Warehouse

LIMITS = SilenceLimits()


@dataclass(frozen=True, slots=True)
class Silenced:
    """A silence, and the alerts that fire or are pending now and that it is about; it may have none."""

    silence: Silence
    alerts: tuple[Alert, ...]


def silence(
    warehouse: Warehouse,
    matchers: Sequence[str],
    span: timedelta,
    who: str,
    comment: str,
    now: datetime,
    *,
    starts_at: datetime | None = None,
    limits: SilenceLimits = LIMITS,
) -> Silenced:
    """Keep alerts with these labels out of messages for ``span``, from ``starts_at`` (None: now) on.

    The same silence again, by the same person for the same reason, moves the end of the one that is active.
    Raises UsageError for matchers that would take every alert, for no comment, for a span that is not above 0
    or too long, and where there are as many silences as there may be.
    """
    terms = Terms(span, who, comment, starts_at)
    return _add(warehouse, terms.silence(checked_matchers(matchers), "", _seconds(now)), now, limits)


def silence_alert(
    warehouse: Warehouse,
    fingerprint: str,
    span: timedelta,
    who: str,
    comment: str,
    now: datetime,
    *,
    starts_at: datetime | None = None,
    limits: SilenceLimits = LIMITS,
) -> Silenced:
    """Keep one alert out of messages, also one that does not fire now. Raises UsageError as ``silence``."""
    with warehouse.read() as db:
        alert = alert_called(db, fingerprint)
    terms = Terms(span, who, comment, starts_at)
    return _add(warehouse, terms.silence((), alert.fingerprint, _seconds(now)), now, limits)


def edit_silence(
    warehouse: Warehouse,
    id: str,
    who: str,
    now: datetime,
    *,
    matchers: Sequence[str] = (),
    until: datetime | None = None,
    comment: str = "",
    limits: SilenceLimits = LIMITS,
) -> Silenced:
    """Change what is given of a silence that is not over, under the same id; one that is over is made anew.

    Other matchers count from now on: what was loud so far is not taken for muted. Raises UsageError as
    ``silence`` does, where none has this id, and for matchers of a silence of one alert.
    """
    now = _seconds(now)
    with _writing(warehouse) as db:
        old = _known_silence(db, id)
        new = edited(old, who, now, matchers, until, comment)
        limits.require_span(max(new.starts_at, now), new.ends_at, now)
        if old.ends_at <= now:
            return _added(db, new, now, limits)
        if new != old:
            _save(db, new, "edit", now)
        return _silenced(db, new, now)


def expire_silence(warehouse: Warehouse, id: str, who: str, now: datetime) -> Silence:
    """End a silence, or what is expected, now; what is over stays so. Raises UsageError for an unknown id."""
    now = _seconds(now)
    who = checked_who(who)
    with _writing(warehouse) as db:
        found = _known_silence(db, id)
        if found.ends_at <= now:
            return found
        expired = replace(found, starts_at=min(found.starts_at, now), ends_at=now, expired_by=who)
        silences.save_silence(db, expired)
        acts.record_act(db, replace(_record(expired, "expire", now), who=who, comment=""))
    return expired


def expect(
    warehouse: Warehouse,
    fingerprint: str,
    span: timedelta,
    who: str,
    comment: str,
    now: datetime,
    *,
    tolerance: Decimal = TOLERANCE,
    limits: SilenceLimits = LIMITS,
) -> Silenced:
    """Silence one alert that fires until its value differs by more than ``tolerance`` (0.2: a fifth) of it.

    Where somebody expects it already, what is said last counts. Raises UsageError where no such alert fires,
    where it has no value, and as ``silence`` does.
    """
    with warehouse.read() as db:
        alert = _firing(db, fingerprint)
    if alert.value is None:
        how = f"costwatch alerts silence {alert.fingerprint}"
        raise UsageError(f"alert '{alert.fingerprint}': it has no value to be expected; see: {how}")
    band = Band.around(alert.value, alert.unit, tolerance)
    new = Terms(span, who, comment).silence((), alert.fingerprint, _seconds(now), band)
    return _add(warehouse, new, now, limits)


def acknowledge(warehouse: Warehouse, fingerprint: str, who: str, comment: str, now: datetime) -> Alert:
    """Say that someone sees to an alert, so that it is not repeated for a while; again renews it.

    A group is still repeated for other alerts in it, and told what is new. Raises UsageError where no
    such alert fires.
    """
    now = _seconds(now)
    who, comment = checked_who(who), allowed_comment(comment, "ack")
    with _writing(warehouse) as db:
        alert = _firing(db, fingerprint)
        ack = Acknowledge(alert.fingerprint, who, comment)
        if alert.fired_at is not None and acts.save_ack(db, ack, alert.fired_at, now):
            acts.record_act(db, ActRecord(now, who, "ack", alert.fingerprint, comment))
    return alert


def give_feedback(warehouse: Warehouse, feedback: Feedback, now: datetime) -> Alert:
    """Keep whether an alert that fires or fired last was worth it. Raises UsageError where it never did."""
    now = _seconds(now)
    who, comment = checked_who(feedback.who), allowed_comment(feedback.comment, "feedback")
    with _writing(warehouse) as db:
        alert = _fired(db, feedback.fingerprint)
        said = replace(feedback, fingerprint=alert.fingerprint, who=who, comment=comment)
        if alert.fired_at is not None and acts.save_feedback(db, said, alert.fired_at, now):
            acts.record_act(db, ActRecord(now, who, str(feedback.worth), alert.fingerprint, comment))
    return alert


def perform(warehouse: Warehouse, act: Act, now: datetime) -> str:
    """Do what a person asked for by a button; a sentence for them. Raises UsageError as the acts do."""
    match act:
        case Acknowledge(fingerprint, who, comment):
            return f"Ack by {who}: {acknowledge(warehouse, fingerprint, who, comment, now).summary}"
        case SilenceAlert(fingerprint, span, who, comment):
            return described(silence_alert(warehouse, fingerprint, span, who, comment, now).silence)
        case Expect(fingerprint, span, who, comment):
            return described(expect(warehouse, fingerprint, span, who, comment, now).silence)
        case Feedback():
            return f"{act.worth} by {act.who}: {give_feedback(warehouse, act, now).summary}"


def kept_silences(warehouse: Warehouse, now: datetime, *, with_over: bool = False) -> list[Silenced]:
    """Silences and what is expected, the first to end first, and what each is about now.

    with_over: and those that ended lately, ``silences.KEPT`` at most.
    """
    with warehouse.read() as db:
        found = silences.silences(db, now - silences.KEPT if with_over else now)
        return [_silenced(db, each, now) for each in found]


# --- underneath --------------------------------------------------------------------------------


def _add(warehouse: Warehouse, new: Silence, now: datetime, limits: SilenceLimits) -> Silenced:
    limits.require_span(new.starts_at, new.ends_at, _seconds(now))
    with _writing(warehouse) as db:
        return _added(db, new, _seconds(now), limits)


def _added(db: Transaction, new: Silence, now: datetime, limits: SilenceLimits) -> Silenced:
    silences.prune_silences(db, now)
    there = silences.silences(db, now)
    old = next((one for one in there if is_same(one, new)), None)
    if old is None:
        limits.require_room(len(there))
    else:
        end = new.ends_at if new.band else max(old.ends_at, new.ends_at)
        new = replace(new, id=old.id, starts_at=old.starts_at, ends_at=end)
    if new != old:
        _save(db, new, "expect" if new.band else "edit" if old else "silence", now)
    return _silenced(db, new, now)


def _save(db: Transaction, silence: Silence, what: str, now: datetime) -> None:
    silences.save_silence(db, silence)
    acts.record_act(db, _record(silence, what, now))


def _record(silence: Silence, what: str, now: datetime) -> ActRecord:
    return ActRecord(
        at=now,
        who=silence.who,
        what=what,
        fingerprint=silence.fingerprint,
        comment=silence.comment,
        silence=silence.id,
        matchers=silence.matchers,
        until=silence.ends_at,
    )


def _silenced(db: Transaction, silence: Silence, now: datetime) -> Silenced:
    matchers = matchers_of(silence)
    active = (alert for alert in current_alerts(db, now).values() if alert.state is not AlertState.RESOLVED)
    about = (alert for alert in active if matches(silence, matchers, alert, dict(alert.labels)))
    return Silenced(silence, tuple(about))


def _known_silence(db: Transaction, id: str) -> Silence:
    found = silences.silence_of(db, id)
    if found is None:
        raise UsageError(f"silence '{id}': there is none; see: costwatch alerts silence --list")
    return found


def _firing(db: Transaction, fingerprint: str) -> Alert:
    alert = _fired(db, fingerprint)
    if not alert.is_firing:
        raise UsageError(f"alert '{fingerprint}': it is over; see: costwatch alerts list --resolved 14d")
    return alert


def _fired(db: Transaction, fingerprint: str) -> Alert:
    alert = alert_called(db, fingerprint)
    if alert.fired_at is None:
        raise UsageError(
            f"alert '{fingerprint}': it has not fired yet, it is pending; see: costwatch alerts list"
        )
    return alert


@contextmanager
def _writing(warehouse: Warehouse) -> Iterator[Transaction]:
    """One transaction in a warehouse that is there: an act makes none."""
    with warehouse.read():
        pass
    with warehouse.write() as db:
        yield db


def _seconds(now: datetime) -> datetime:
    return now.replace(microsecond=0)

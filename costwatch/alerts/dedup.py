"""Whether there is anything to say of a group of alerts, and why. Pure.

As Alertmanager's (https://github.com/prometheus/alertmanager/blob/main/notify/dedup_stage.go): what was told
as firing is told again only when it is over. What a person should hear all the same: an alert that
became more severe, or turned from want of data to a breach; one that stays after it flapped.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from costwatch.alerts.flapping import REMARK
from costwatch.alerts.lifecycle import REMEMBERED, fires_anew
from costwatch.alerts.restatement import is_restated
from costwatch.model import Alert, AlertState, Reason

Episode = tuple[str, datetime | None]
Remarks = Mapping[str, tuple[str, ...]]


def episode(alert: Alert) -> Episode:
    """One firing of one alert."""
    return alert.fingerprint, alert.fired_at


def is_anew(before: Alert, alert: Alert) -> bool:
    """Whether a firing alert that was told as firing is worth telling again.

    It is where it became more severe, turned to a breach, or was made to fire anew though its breach went on;
    not where it was over for a moment.
    """
    went_on = before.active_at == alert.active_at and before.fired_at != alert.fired_at
    return went_on or fires_anew(before, alert)


@dataclass(frozen=True)
class Told:
    """What the last message of a conversation that may have arrived told of its alerts.

    ``at``: when the last one was sent that was no silent edit; None: none was.
    """

    alerts: tuple[Alert, ...] = ()
    remarks: Remarks = field(default_factory=dict)
    digest: str = ""
    at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether people take something for firing."""
        return any(alert.is_firing for alert in self.alerts)

    @cached_property
    def by_fingerprint(self) -> Mapping[str, Alert]:
        """Its alerts."""
        return {alert.fingerprint: alert for alert in self.alerts}

    def is_news(self, alert: Alert, flapping: Collection[str] = ()) -> bool:
        """Whether people do not know yet that this alert fires, or fired; ``flapping``: fingerprints."""
        before = self.by_fingerprint.get(alert.fingerprint)
        if before is None or not before.is_firing:
            return before is None or episode(before) != episode(alert)
        if not alert.is_firing:
            return False
        was_flapping = any(text.startswith(REMARK) for text in self.remarks.get(alert.fingerprint, ()))
        return is_anew(before, alert) or (was_flapping and alert.fingerprint not in flapping)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What bears on the alerts of a group, by fingerprint.

    owed: those that fired and were never told, so that one that is over already is still told. muted: those
    that are. flapping: those that do; in_place: those of them that begin no message. moved: those told here
    that are told elsewhere now. seen_to: those that somebody sees to, or that are muted: not repeated.
    """

    owed: Set[str] = frozenset()
    muted: Collection[str] = frozenset()
    flapping: Set[str] = frozenset()
    in_place: Set[str] = frozenset()
    moved: Set[str] = frozenset()
    seen_to: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """group_wait, repeat_interval: of the route. can_edit: whether a message can be corrected in place."""

    group_wait: timedelta
    repeat_interval: timedelta
    can_edit: bool = False


def present(
    told: Told, alerts: Sequence[Alert], of: Circumstances, limits: Limits, now: datetime
) -> tuple[Alert, ...]:
    """The alerts a message about a group would hold now, firing ones first.

    alerts: what is stored of the group. An alert told as firing that is no longer in the group is told as
    resolved, unless it moved. Where all that was told is over, what fires now begins a message of its own.
    A muted alert joins no message; one that was told before stays in it.
    """
    known = told.by_fingerprint
    held = [chosen for alert in alerts if (chosen := _held(alert, known.get(alert.fingerprint), of))]
    if not told.is_open and any(_begins(told, alert, of, limits) for alert in held):
        held = [alert for alert in held if told.is_news(alert, of.flapping)]
    else:
        if not told.is_open:
            held = [each for each in held if each.fingerprint in known or each.fingerprint in of.in_place]
        there = {alert.fingerprint for alert in held}
        left = (alert for alert in told.alerts if alert.fingerprint not in there)
        held += [_left(alert, of, now) for alert in left if limits.can_edit or not _is_moved(alert, of)]
    return tuple(sorted(held, key=lambda alert: (not alert.is_firing, alert.rule, alert.labels)))


def without_long_over(told: Told, alerts: Sequence[Alert], now: datetime) -> tuple[Alert, ...]:
    """Without what was told as over so long ago that a message about others need not go on telling it."""
    kept = (it for it in alerts if not _is_long_over(it, told.by_fingerprint.get(it.fingerprint), now))
    return tuple(kept)


def _held(alert: Alert, before: Alert | None, of: Circumstances) -> Alert | None:
    """What a message would say of a stored alert; None: nothing."""
    if alert.fired_at is None:
        return None
    if before is not None and (before.is_firing or episode(before) == episode(alert)):
        return alert
    if alert.fingerprint not in of.muted and (alert.is_firing or alert.fingerprint in of.owed):
        return alert
    return before


def _left(alert: Alert, of: Circumstances, now: datetime) -> Alert:
    if not alert.is_firing or _is_moved(alert, of):
        return alert
    return replace(alert, state=AlertState.RESOLVED, resolved_at=now)


def _is_moved(alert: Alert, of: Circumstances) -> bool:
    return alert.is_firing and alert.fingerprint in of.moved


def _is_long_over(alert: Alert, before: Alert | None, now: datetime) -> bool:
    if alert.is_firing or alert.resolved_at is None or before is None or before.is_firing:
        return False
    return now - alert.resolved_at > REMEMBERED


def reason(
    told: Told, alerts: Sequence[Alert], remarks: Remarks, of: Circumstances, limits: Limits, now: datetime
) -> Reason | None:
    """Why to send a message that holds ``alerts``, as ``present`` gave them; None: nothing to say.

    What is over within ``group_wait`` begins no message, nor does what flaps. What only reads differently is
    worth an edit alone, unless it corrects a cost.
    """
    if not told.is_open:
        if any(_begins(told, alert, of, limits) for alert in alerts):
            return Reason.FIRST
    elif not any(alert.is_firing for alert in alerts):
        return Reason.RESOLVED
    elif any(_begins(told, alert, of, limits) and alert.is_firing for alert in alerts):
        return Reason.NEW
    elif any(_is_told_as_over(told, alert, of) for alert in alerts):
        return Reason.SOME_RESOLVED
    elif _is_to_be_repeated(told, alerts, of, limits, now):
        return Reason.REPEAT
    return _correction(told, alerts, remarks, limits)


def _begins(told: Told, alert: Alert, of: Circumstances, limits: Limits) -> bool:
    """Whether an alert is worth a message of its own: it fires, or should have been told while it did."""
    if alert.fingerprint in of.in_place or not told.is_news(alert, of.flapping):
        return False
    if alert.is_firing or alert.fired_at is None or alert.resolved_at is None:
        return alert.is_firing
    return alert.resolved_at - alert.fired_at >= limits.group_wait


def _is_told_as_over(told: Told, alert: Alert, of: Circumstances) -> bool:
    """Whether people do not know yet that an alert is over, and are to."""
    before = told.by_fingerprint.get(alert.fingerprint)
    if alert.is_firing:
        return False
    if before is not None and before.is_firing:
        return True
    return alert.fingerprint not in of.in_place and told.is_news(alert, of.flapping)


def is_aloud(why: Reason, told: Told, alerts: Sequence[Alert], of: Circumstances) -> bool:
    """Whether a message interrupts anyone: not for what is over, is muted or flaps."""
    loud = [each for each in alerts if each.fingerprint not in of.flapping | {*of.muted}]
    if why in (Reason.FIRST, Reason.NEW):
        return any(alert.is_firing and told.is_news(alert, of.flapping) for alert in loud)
    return why is Reason.REPEAT and any(alert.is_firing for alert in loud)


def _is_to_be_repeated(
    told: Told, alerts: Sequence[Alert], of: Circumstances, limits: Limits, now: datetime
) -> bool:
    is_due = told.at is not None and now - told.at >= limits.repeat_interval
    return is_due and any(alert.is_firing and alert.fingerprint not in of.seen_to for alert in alerts)


def _correction(told: Told, alerts: Sequence[Alert], remarks: Remarks, limits: Limits) -> Reason | None:
    if not told.alerts or digest(alerts, remarks) == told.digest:
        return None
    known = told.by_fingerprint
    of_both = [alert for alert in alerts if alert.fingerprint in known]
    is_corrected = any(is_restated(known[alert.fingerprint].about, alert.about) for alert in of_both)
    return Reason.CHANGED if limits.can_edit or is_corrected else None


def digest(alerts: Iterable[Alert], remarks: Remarks | None = None) -> str:
    """Of what people read of alerts: equal means that there is nothing new to read."""
    said = remarks or {}
    read = [
        (*_plain(episode(alert)), str(alert.state), alert.summary, *said.get(alert.fingerprint, ()))
        for alert in alerts
    ]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()[:32]


def _plain(of: Episode) -> Iterator[str]:
    fingerprint, fired_at = of
    yield fingerprint
    yield fired_at.isoformat() if fired_at else ""

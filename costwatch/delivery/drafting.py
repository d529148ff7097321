"""What is to be told of one group of alerts, why, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from costwatch.alerts.dedup import (
    Circumstances,
    Limits,
    Remarks,
    is_aloud,
    present,
    reason,
    without_long_over,
)
from costwatch.alerts.muting import Muted
from costwatch.alerts.timing import Flushes, GroupTimer
from costwatch.delivery.group_facts import GroupFacts
from costwatch.model import Alert, Reason
from costwatch.warehouse.alerts.outbox import SendState


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be: why, of which alerts, with which remarks; when it may go."""

    why: Reason
    alerts: tuple[Alert, ...]
    remarks: Remarks
    is_aloud: bool
    due: datetime


def drafted(group: GroupFacts, quiet: Mapping[str, Muted]) -> tuple[Draft | None, GroupTimer | None]:
    """What there is to tell of a group, and its time, if any; quiet: what is muted of it, by fingerprint."""
    node, told = group.bundle.node, group.told
    timer, flaps = group.timer, group.flaps()
    known = told.by_fingerprint
    of = Circumstances(
        owed=group.owed,
        muted=quiet.keys(),
        flapping=flaps.keys(),
        in_place=frozenset(key for key, it in flaps.items() if it.is_told_in_place and key in known),
        moved=group.moved,
        seen_to=quiet.keys() | group.acknowledged(),
    )
    limits = Limits(node.group_wait, node.repeat_interval, can_edit=group.has_message())
    alerts = present(told, group.bundle.alerts, of, limits, group.now)
    remarks = group.remarks(alerts, quiet, flaps)
    why = reason(told, alerts, remarks, of, limits, group.now)
    timer = _kept(group, timer, why, quiet)
    if why is None:
        return None, timer
    if why in (Reason.NEW, Reason.SOME_RESOLVED, Reason.REPEAT):
        alerts = without_long_over(told, alerts, group.now)
    times = group.flushes(timer or GroupTimer(group.now, group.now, told.at))
    due = _due(group, why, alerts, times, can_edit=limits.can_edit)
    return Draft(why, alerts, remarks, is_aloud(why, told, alerts, of), due), timer


def _kept(
    group: GroupFacts, timer: GroupTimer | None, why: Reason | None, quiet: Mapping[str, Muted]
) -> GroupTimer | None:
    """The group's time after this look; None: it is over."""
    if timer is None:
        return None
    passed = group.flushes(timer).passed(group.now)
    firing = [it for it in group.bundle.alerts if it.is_firing]
    if any(it.fingerprint in quiet and group.told.is_news(it) for it in firing):
        return timer if passed is None else replace(timer, flushed_at=passed)
    is_over = not firing and not group.told.is_open and why is None
    is_told = group.told.at is not None and timer.began_at <= group.told.at
    return None if is_over and (passed is not None or is_told) else timer


def _due(
    group: GroupFacts, why: Reason, alerts: Sequence[Alert], times: Flushes, *, can_edit: bool
) -> datetime:
    """When a message may go."""
    unsent, last = group.talk.unsent, times.last
    if unsent and unsent.state is SendState.FAILED:
        return max(group.now, unsent.next_attempt_at + group.bundle.node.group_interval)
    if why is Reason.CHANGED and can_edit:
        return group.now
    if unsent and unsent.next_attempt_at <= group.now and unsent.group.reason is not Reason.CHANGED:
        return unsent.next_attempt_at
    is_new = any(
        it.is_firing and group.told.is_news(it) and last and it.fired_at and it.fired_at > last
        for it in alerts
    )
    if why in (Reason.REPEAT, Reason.CHANGED) or (why is Reason.NEW and is_new):
        return times.soonest(group.now)
    return times.next(group.now)

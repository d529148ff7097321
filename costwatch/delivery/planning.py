"""Alerts become messages: grouped first, muted then, and told when their time has come.

What there is to tell of a group stands in the outbox as soon as it is known, with when it is due, and is
rewritten until then.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from costwatch.alerts import acknowledgement
from costwatch.alerts.dedup import (
    Circumstances,
    Limits,
    Told,
    digest,
    episode,
    is_aloud,
    present,
    reason,
    without_long_over,
)
from costwatch.alerts.flapping import WINDOW, WINDOW_OF_COST, Flapping, flapping
from costwatch.alerts.links import links
from costwatch.alerts.message import rests_on_cost
from costwatch.alerts.muting import InhibitRule, Muted, muted, muted_on
from costwatch.alerts.routing import Bundle, Node, group
from costwatch.alerts.timing import Flushes, GroupTimer, flushes
from costwatch.delivery import moves as moving
from costwatch.delivery.conversations import CarriedOver, Plan, Stored
from costwatch.errors import CostwatchError
from costwatch.model import Alert, Group, Reason, Receipt
from costwatch.plugins import FactQuery, fact_query
from costwatch.warehouse.alerts.groups import Place
from costwatch.warehouse.alerts.muted_alerts import MutedAlert
from costwatch.warehouse.alerts.outbox import Conversation, Notification, Outbox, SendState
from costwatch.warehouse.store import Warehouse


@dataclass(frozen=True)
class Planner:
    """receivers: those that are told in conversations; editors: those of them that correct in place."""

    root: Node
    inhibit_rules: tuple[InhibitRule, ...]
    receivers: frozenset[str]
    editors: frozenset[str]
    contacts: Mapping[str, str]
    public_url: str
    queries: Collection[FactQuery]
    now: datetime

    def plan(self, warehouse: Warehouse) -> Plan:
        """What is to be told of all alerts."""
        stored = Stored.read(warehouse, self.now)
        plan = Plan(stored, self.now)
        bundles = {(it.node.receiver, it.key): it for it in group(self.root, stored.alerts.values())}
        everywhere = muted(list(stored.alerts.values()), stored.silences, self.inhibit_rules, self.now)
        with warehouse.read() as db:
            outbox = Outbox(db)
            talks = {
                place: self._conversation(outbox, place, stored)
                for place in dict.fromkeys([*bundles, *stored.timers])
                if place[0] in self.receivers
            }
            moved = moving.moves(bundles, talks)
            self._carry_over(plan, moved, bundles, talks, outbox)
            for place in dict.fromkeys([*bundles, *talks]):
                talk = talks.get(place, Conversation())
                bundle = bundles.get(place) or self._left_behind(place, talk)
                planned = _Group(self, plan, bundle, talk, moved.left.get(place, frozenset()), outbox)
                quiet = planned.quiet(everywhere)
                planned.sort(quiet)
                if place in talks and not self._is_given_up(place, bundle, talk, moved):
                    planned.plan(quiet)
                elif talk.unsent and place[0] in self.receivers:
                    plan.withdrawn.append(talk.unsent)
        return plan

    def _conversation(self, outbox: Outbox, place: Place, stored: Stored) -> Conversation:
        if place not in stored.told:
            return Conversation()
        return outbox.conversation(*place, edits=place[0] in self.editors)

    def _left_behind(self, place: Place, talk: Conversation) -> Bundle:
        """A conversation whose alerts have all gone: what was told in it is still told to be over."""
        last = talk.last_sent or talk.unsent
        node = replace(self.root, receiver=place[0])
        return Bundle(place[1], node, last.group.labels if last else (), ())

    def _is_given_up(self, place: Place, bundle: Bundle, talk: Conversation, moved: moving.Moves) -> bool:
        """Whether nothing more is told there: all of it moved, and its message cannot tell so."""
        left = moved.left.get(place)
        told = talk.last_sent_alerts
        if not left or any(each.is_firing for each in bundle.alerts):
            return False
        if any(each.is_firing and each.fingerprint not in left for each in told):
            return False
        return place[0] not in self.editors or place in moved.taken_over.values()

    def _carry_over(
        self,
        plan: Plan,
        moved: moving.Moves,
        bundles: Mapping[Place, Bundle],
        talks: dict[Place, Conversation],
        outbox: Outbox,
    ) -> None:
        """Let conversations go on with what their receiver was told in others."""
        before = dict(talks)
        for place, told in moved.began.items():
            found = moving.newest(before[source] for source, _ in told)
            if found is None:
                continue
            talk, (source, at) = before[place], found
            message = moving.carried_over(bundles[place], place, talk, told, source)
            goes_on_in = moved.taken_over.get(place, place)
            receipt = outbox.last_sent(*goes_on_in).receipt or Receipt({})
            if place in moved.taken_over:
                whole = replace(message.group, alerts=source.group.alerts)
                message = replace(message, group=whole, digest=source.digest)
            plan.carried[place] = CarriedOver(message, receipt, at)
            talks[place] = replace(talk, last_sent=message, told_at=at, length=talk.length + 1)


@dataclass(frozen=True)
class _Group:
    """One group of alerts in one conversation; ``moved``: fingerprints of what is told elsewhere now."""

    planner: Planner
    whole: Plan
    bundle: Bundle
    talk: Conversation
    moved: frozenset[str]
    outbox: Outbox

    @property
    def _place(self) -> Place:
        return self.bundle.node.receiver, self.bundle.key

    @property
    def _now(self) -> datetime:
        return self.planner.now

    def quiet(self, everywhere: Mapping[str, Muted]) -> dict[str, Muted]:
        """What of it is muted, and by what; ``everywhere``: what is muted on all routes."""
        owed = self._owed(self._timer())
        # Time intervals are slow to ask about what is over: only where it may still be told.
        asked = [it for it in self.bundle.alerts if it.is_firing or it.fingerprint in owed]
        found = {it.fingerprint: everywhere[it.fingerprint] for it in asked if it.fingerprint in everywhere}
        return found | muted_on(self.bundle.node, asked, self._now)

    def sort(self, quiet: Mapping[str, Muted]) -> None:
        """What fires in it: aloud, or muted."""
        receiver, key = self._place
        for alert in self.bundle.alerts:
            if not alert.is_firing or alert.fired_at is None:
                continue
            if why := quiet.get(alert.fingerprint):
                where = (receiver, key, alert.fingerprint)
                self.whole.muted.append(MutedAlert(*where, alert.fired_at, str(why.by), why.name))
            else:
                self.whole.firing[receiver][alert.fingerprint] = alert

    def plan(self, quiet: Mapping[str, Muted]) -> None:
        """Put what there is to tell of it into the outbox, and keep its time."""
        node, told = self.bundle.node, self._told
        self.whole.intervals[self._place] = node.group_interval
        timer = self._timer()
        flaps = self._flaps()
        of = Circumstances(
            owed=self._owed(timer),
            muted=quiet.keys(),
            flapping=flaps.keys(),
            in_place=frozenset(
                key for key, it in flaps.items() if it.is_told_in_place and key in told.by_fingerprint
            ),
            moved=self.moved,
            seen_to=quiet.keys() | self._acknowledged(),
        )
        can_edit = self._place[0] in self.planner.editors and self._has_message()
        limits = Limits(node.group_wait, node.repeat_interval, can_edit)
        alerts = present(told, self.bundle.alerts, of, limits, self._now)
        remarks = self._remarks(alerts, quiet, flaps)
        why = reason(told, alerts, remarks, of, limits, self._now)
        timer = self._kept(timer, told, why, quiet)
        if timer is not None:
            self.whole.timers[self._place] = timer
        if why is None:
            self.whole.withdrawn += [self.talk.unsent] if self.talk.unsent else []
            return
        if why in (Reason.NEW, Reason.SOME_RESOLVED, Reason.REPEAT):
            alerts = without_long_over(told, alerts, self._now)
        due = self._due(
            why, alerts, told, timer or GroupTimer(self._now, self._now, told.at), can_edit=can_edit
        )
        self._put(self._message(why, alerts, remarks, aloud=is_aloud(why, told, alerts, of)), due)

    # --- what bears on it ----------------------------------------------------------------------

    @cached_property
    def _told(self) -> Told:
        last = self.talk.last_sent
        if last is None:
            return Told()
        at = self.talk.told_at or last.queued_at
        return Told(last.group.alerts, last.group.remarks, last.digest, at)

    def _timer(self) -> GroupTimer | None:
        """Since when it goes on; None: nothing fires in it, or fired unseen."""
        timer, told = self.whole.before.timers.get(self._place), self._told
        if timer and (told.is_open or told.at is None or timer.began_at > told.at):
            fired = [it.fired_at for it in self.bundle.alerts if it.is_firing and it.fired_at]
            return replace(timer, began_at=min([timer.began_at, *fired])) if told.at is None else timer
        return self._begun(told)

    def _begun(self, told: Told) -> GroupTimer | None:
        stored = self.whole.before
        owed = stored.unseen | self.talk.unsent_fingerprints | self._once_muted()
        fired = [
            min(it.fired_at, self._now)
            for it in self.bundle.alerts
            if it.fired_at and (it.is_firing or (it.fingerprint in owed and told.is_news(it)))
        ]
        if not fired and not told.is_open:
            return None
        began = min(fired, default=self._now)
        if told.at is None or began > told.at:
            return GroupTimer(began, self._now)
        # Something that is muted fired before all that was told was over: its flushes go on.
        goes_on = any(it.is_firing and it.fired_at and it.fired_at < told.at for it in self.bundle.alerts)
        return GroupTimer(told.at, self._now, told.at if goes_on else None)

    def _once_muted(self) -> frozenset[str]:
        """Fingerprints of those that were muted when messages were last planned."""
        were = self.whole.before.muted_episodes.get(self._place, set())
        return frozenset(it.fingerprint for it in self.bundle.alerts if episode(it) in were)

    def _owed(self, timer: GroupTimer | None) -> frozenset[str]:
        """Fingerprints of those that fired and were never told."""
        found = self.whole.before.unseen | self.talk.unsent_fingerprints | self._once_muted()
        if timer is None:
            return found
        last = self._flushes(timer).last
        late = (
            it.fingerprint
            for it in self.bundle.alerts
            if it.fired_at
            and it.resolved_at
            and (it.fired_at > last if last else it.resolved_at >= timer.began_at)
        )
        return found | frozenset(late)

    def _flaps(self) -> dict[str, Flapping]:
        found = {}
        for alert in self.bundle.alerts:
            changes = self.whole.before.changes.get(alert.fingerprint)
            if changes:
                usual = WINDOW_OF_COST if rests_on_cost(alert) else WINDOW
                window = usual if self.bundle.node.flap_window is None else self.bundle.node.flap_window
                if it := flapping(changes, window, self._now):
                    found[alert.fingerprint] = it
        return found

    def _acknowledged(self) -> frozenset[str]:
        acks = self.whole.before.acks
        return frozenset(
            it.fingerprint
            for it in self.bundle.alerts
            if (ack := acks.get(episode(it)))
            and acknowledgement.holds(it, ack.at, self.bundle.alerts, self._now)
        )

    def _has_message(self) -> bool:
        if self.talk.last_sent is None:
            return False
        carried = self.whole.carried.get(self._place)
        return (carried or self.outbox.last_sent(*self._place)).can_be_edited

    def _remarks(
        self, alerts: Sequence[Alert], quiet: Mapping[str, Muted], flaps: Mapping[str, Flapping]
    ) -> dict[str, tuple[str, ...]]:
        acks, found = self.whole.before.acks, {}
        for alert in alerts:
            said = []
            if alert.is_firing and (why := quiet.get(alert.fingerprint)):
                said.append(why.text)
            if alert.is_firing and (ack := acks.get(episode(alert))):
                said.append(acknowledgement.text(ack.who, ack.at))
            flap = flaps.get(alert.fingerprint)
            if flap and (alert.is_firing or flap.is_told_in_place):
                said.append(flap.text)
            if alert.is_firing and alert.fingerprint in self.moved:
                said.append(moving.TEXT)
            if said:
                found[alert.fingerprint] = tuple(said)
        return found

    # --- when ------------------------------------------------------------------------------------

    def _flushes(self, timer: GroupTimer) -> Flushes:
        told, plan = self._told, self.whole.before.plan
        of_this = told.at if told.is_open else None
        node = self.bundle.node
        looked_at = plan.at if plan and timer.seen_at < self._now else None
        return flushes(timer, of_this, node.group_wait, node.group_interval, looked_at)

    def _kept(
        self, timer: GroupTimer | None, told: Told, why: Reason | None, quiet: Mapping[str, Muted]
    ) -> GroupTimer | None:
        """The group's time after this look; None: it is over."""
        if timer is None:
            return None
        passed = self._flushes(timer).passed(self._now)
        firing = [it for it in self.bundle.alerts if it.is_firing]
        if any(it.fingerprint in quiet and told.is_news(it) for it in firing):
            return timer if passed is None else replace(timer, flushed_at=passed)
        is_over = not firing and not told.is_open and why is None
        is_told = told.at is not None and timer.began_at <= told.at
        return None if is_over and (passed is not None or is_told) else timer

    def _due(
        self, why: Reason, alerts: Sequence[Alert], told: Told, timer: GroupTimer, *, can_edit: bool
    ) -> datetime:
        """When a message may go."""
        unsent, times = self.talk.unsent, self._flushes(timer)
        if unsent and unsent.state is SendState.FAILED:
            return max(self._now, unsent.next_attempt_at + self.bundle.node.group_interval)
        if why is Reason.CHANGED and can_edit:
            return self._now
        if unsent and unsent.next_attempt_at <= self._now and unsent.group.reason is not Reason.CHANGED:
            return unsent.next_attempt_at
        last = times.last
        is_new = any(
            it.is_firing and told.is_news(it) and last and it.fired_at and it.fired_at > last for it in alerts
        )
        if why in (Reason.REPEAT, Reason.CHANGED) or (why is Reason.NEW and is_new):
            return times.soonest(self._now)
        return times.next(self._now)

    # --- what ------------------------------------------------------------------------------------

    def _message(
        self, why: Reason, alerts: tuple[Alert, ...], remarks: Mapping[str, tuple[str, ...]], *, aloud: bool
    ) -> Group:
        planner, unsent = self.planner, self.talk.unsent
        receiver, key = self._place
        rests = any(map(rests_on_cost, alerts))
        return Group(
            id=unsent.group.id if unsent else _id(self._place, self.talk, self._now),
            key=key,
            receiver=receiver,
            labels=self.bundle.labels,
            alerts=alerts,
            reason=why,
            data_through=self.whole.before.data_through if rests else None,
            links=links(planner.public_url, alerts, _queries(alerts, planner.queries)),
            owners=_owners(planner.contacts, alerts),
            remarks=remarks,
            is_aloud=aloud,
        )

    def _put(self, message: Group, due: datetime) -> None:
        sealed, unsent = digest(message.alerts, message.remarks), self.talk.unsent
        if unsent and unsent.state is SendState.QUEUED:
            is_same = (unsent.digest, unsent.group.reason) == (sealed, message.reason)
            if is_same and max(unsent.next_attempt_at, self._now) == max(due, self._now):
                return
        event = self.whole.before.newest_event
        self.whole.put.append(Notification(message, sealed, event, SendState.QUEUED, 0, self._now, due))


def _id(place: Place, talk: Conversation, now: datetime) -> str:
    parts = (*place, str(talk.length), now.isoformat())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _queries(alerts: Iterable[Alert], brought: Collection[FactQuery]) -> dict[str, FactQuery]:
    """What alerts rest on, where it is still known."""
    known = {}
    for query in {alert.about.query for alert in alerts if alert.about}:
        with suppress(ValueError, CostwatchError):
            known[query] = fact_query(query, extra=brought)
    return known


def _owners(contacts: Mapping[str, str], alerts: Iterable[Alert]) -> tuple[str, ...]:
    teams = dict.fromkeys(dict(alert.labels).get("team", "") for alert in alerts)
    return tuple(contacts[team] for team in teams if contacts.get(team))

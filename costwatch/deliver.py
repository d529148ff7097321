"""Step 4: alerts become messages in an outbox, and those are sent: none lost, none twice.

Planning is one transaction. Each message is then marked as being sent, sent outside any lock, and
marked as sent; after a crash in between it is tried again as what it is, a message that may have
arrived. Messages about one group go out in order, pages before others; a receiver that cannot be reached is
left alone until the next run. Alerts are grouped first and muted then.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from costwatch.alerts import lifecycle
from costwatch.alerts.dedup import Episode, LastSent, digest, episode, present, reason
from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.alerts.links import links
from costwatch.alerts.message import rests_on_cost
from costwatch.alerts.muting import InhibitRule, Muted, muted, muted_on
from costwatch.alerts.routing import Bundle, Node, Route, group, resolve
from costwatch.delivery.fallback import hand_over
from costwatch.delivery.forwarding import forward, forwarders
from costwatch.delivery.sending import BUDGET, Attempt, Clock, Delivery, Sender, is_for
from costwatch.errors import CostwatchError
from costwatch.model import Alert, Group, Reason
from costwatch.plugins import FactQuery, Notifier, Receiver, fact_query
from costwatch.warehouse.alerts import acts
from costwatch.warehouse.alerts import alerts as stored_alerts
from costwatch.warehouse.alerts.clock import nothing_later
from costwatch.warehouse.alerts.failures import note_forwarding
from costwatch.warehouse.alerts.muted_alerts import MutedAlert, muted_alerts, replace_muted_alerts
from costwatch.warehouse.alerts.outbox import Conversation, Notification, Outbox, SendState
from costwatch.warehouse.alerts.silences import silences
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse

__all__ = ["Attempt", "Delivery", "deliver"]


def deliver(
    warehouse: Warehouse,
    route: Route,
    receivers: Sequence[Receiver],
    contacts: Mapping[str, str],
    public_url: str,
    now: datetime,
    *,
    inhibit_rules: Sequence[InhibitRule] = (),
    time_intervals: Sequence[NamedTimeInterval] = (),
    fallback: str | None = None,
    queries: Collection[FactQuery] = (),
    dry_run: bool = False,
    only: str | None = None,
    budget: timedelta = BUDGET,
    clock: Clock = time,
) -> Delivery:
    """Plan what is to be told and send it; then hand what fires to the receivers that want all of it.

    contacts: team -> who to ask. public_url: how links to the pages begin. time_intervals: those that
    routes name. fallback: the receiver of what others do not take. queries: those that
    rules bring, for links to their pages. only: send to that receiver alone; the
    others' messages stay in the outbox. budget: after so long, measured by ``clock``, no message is begun;
    what is left is the next run's. Raises BusyError while another delivery runs; what goes wrong
    with a receiver is in the answer.
    """
    now = now.replace(microsecond=0)
    by_name = {receiver.name: receiver for receiver in receivers}
    notified = frozenset(receiver.name for receiver in receivers if isinstance(receiver, Notifier))
    root = resolve(route, time_intervals)
    planner = _Planner(root, tuple(inhibit_rules), notified, contacts, public_url, queries, now)
    handed = list(forwarders(receivers, only))
    if dry_run:
        plan = planner.plan(warehouse)
        waiting = tuple(Attempt(each.group) for each in plan.due if is_for(each, only))
        return Delivery(waiting=waiting, forwarded=_counts(handed, plan))
    with warehouse.job_lock("alerts-deliver"):
        nothing_later(warehouse, now)
        plan = planner.plan(warehouse)
        plan.store(warehouse)
        with warehouse.read() as db:
            unsent = Outbox(db).unsent()
        errors = forward(handed, plan.firing, now)  # first: sending may take its time
        note_forwarding(warehouse, {each.name: errors.get(each.name, "") for each in handed}, now)
        sender = Sender(warehouse, by_name, now, only, budget, clock)
        sender.send(unsent)
        if fallback is not None:
            sender.send(hand_over(warehouse, fallback, now, only))
    forwarded = {name: count for name, count in _counts(handed, plan).items() if name not in errors}
    return Delivery(
        tuple(sender.sent), tuple(sender.failed), tuple(sender.waiting), forwarded, not_forwarded=errors
    )


def _counts(receivers: Iterable[Receiver], plan: "_OutboxPlan") -> dict[str, int]:
    return {receiver.name: len(plan.firing[receiver.name]) for receiver in receivers}


# --- planning ----------------------------------------------------------------------------------


@dataclass
class _OutboxPlan:
    """Notifications to put into the outbox or to rewrite there, and to withdraw from it.

    firing: what fires and is not muted, by receiver and fingerprint. muted: what fires and is muted, in
    each conversation.
    """

    before: list[Notification]
    muted_before: list[MutedAlert]
    put: list[Notification] = field(default_factory=list)
    withdrawn: list[Notification] = field(default_factory=list)
    muted: list[MutedAlert] = field(default_factory=list)
    firing: dict[str, dict[str, Alert]] = field(default_factory=lambda: defaultdict(dict))

    def once_muted(self, bundle: Bundle) -> frozenset[str]:
        """Fingerprints of alerts of a bundle that were muted when messages were last planned."""
        were = self._episodes_muted[bundle.node.receiver, bundle.key]
        return frozenset(alert.fingerprint for alert in bundle.alerts if episode(alert) in were)

    @cached_property
    def _episodes_muted(self) -> dict[tuple[str, str], set[Episode]]:
        found: dict[tuple[str, str], set[Episode]] = defaultdict(set)
        for each in self.muted_before:
            found[each.receiver, each.group_key].add((each.fingerprint, each.fired_at))
        return found

    @property
    def due(self) -> list[Notification]:
        """What the outbox holds after it."""
        gone = {each.group.id for each in self.withdrawn}
        after = {each.group.id: each for each in (*self.before, *self.put)}
        return [each for key, each in after.items() if key not in gone]

    def store(self, warehouse: Warehouse) -> None:
        """Write it in one transaction; nothing where nothing changed."""
        self.muted.sort(key=lambda each: (each.receiver, each.group_key, each.fingerprint))
        if not self.put and not self.withdrawn and self.muted == self.muted_before:
            return
        with warehouse.write() as db:
            outbox = Outbox(db)
            for notification in self.put:
                outbox.put(notification)
            for notification in self.withdrawn:
                outbox.withdraw(notification)
            if self.muted != self.muted_before:
                replace_muted_alerts(db, self.muted)


@dataclass(frozen=True)
class _Planner:
    root: Node
    inhibit_rules: tuple[InhibitRule, ...]
    receivers: frozenset[str]  # those that are told in conversations
    contacts: Mapping[str, str]
    public_url: str
    queries: Collection[FactQuery]
    now: datetime

    def plan(self, warehouse: Warehouse) -> _OutboxPlan:
        since = self.now - lifecycle.REMEMBERED
        with warehouse.read() as db:
            outbox = Outbox(db)
            plan = _OutboxPlan(outbox.unsent(), muted_alerts(db))
            event, unseen = outbox.newest_event(), outbox.fired_since_planned()
            # What nobody could be told yet is not forgotten, however long ago it was over.
            alerts = list(stored_alerts.current_alerts(db, since, unseen | outbox.owed()).values())
            everywhere = muted(alerts, silences(db, since), self.inhibit_rules, self.now)
            acknowledged = acts.acknowledged(db)
            data_through = WarehouseSnapshot(db, self.now).data_through
            bundles = {(bundle.node.receiver, bundle.key): bundle for bundle in group(self.root, alerts)}
            for receiver, key in dict.fromkeys([*bundles, *outbox.unfinished()]):
                talk = outbox.conversation(receiver, key)
                bundle = bundles.get((receiver, key)) or self._left_behind(receiver, key, talk)
                owed = unseen | talk.unsent_fingerprints | plan.once_muted(bundle)
                # Time intervals are slow to ask about what is over: only where it may still be told.
                asked = [alert for alert in bundle.alerts if alert.is_firing or alert.fingerprint in owed]
                quiet = everywhere | muted_on(bundle.node, asked, self.now)
                self._sort(plan, bundle, quiet)
                if receiver in self.receivers:
                    alerts_now = present(talk.last_sent_alerts, owed, bundle.alerts, self.now, quiet.keys())
                    is_quiet = {episode(alert) for alert in bundle.alerts if alert.fingerprint in quiet}
                    self._add(plan, bundle, talk, alerts_now, acknowledged | is_quiet, event, data_through)
        return plan

    def _sort(self, plan: _OutboxPlan, bundle: Bundle, quiet: Mapping[str, Muted]) -> None:
        """What fires in a bundle: aloud, or muted."""
        receiver = bundle.node.receiver
        for alert in bundle.alerts:
            if not alert.is_firing or alert.fired_at is None:
                continue
            if why := quiet.get(alert.fingerprint):
                where = (receiver, bundle.key, alert.fingerprint)
                plan.muted.append(MutedAlert(*where, alert.fired_at, str(why.by), why.name))
            else:
                plan.firing[receiver][alert.fingerprint] = alert

    def _left_behind(self, receiver: str, key: str, talk: Conversation) -> Bundle:
        """A conversation whose alerts have all gone elsewhere: it is still told that they are over here."""
        last = talk.last_sent or talk.unsent
        return Bundle(key, replace(self.root, receiver=receiver), last.group.labels if last else (), ())

    def _add(
        self,
        plan: _OutboxPlan,
        bundle: Bundle,
        talk: Conversation,
        alerts: tuple[Alert, ...],
        quiet: frozenset[Episode],
        event: int,
        data_through: date | None,
    ) -> None:
        last_sent, unsent = talk.last_sent, talk.unsent
        previous = (
            LastSent(talk.last_sent_alerts, last_sent.digest, talk.aloud_at or last_sent.queued_at)
            if last_sent
            else None
        )
        why = reason(previous, alerts, self.now, bundle.node.repeat_interval, quiet)
        if why is None:
            plan.withdrawn += [unsent] if unsent else []
            return
        sealed = digest(alerts)
        if (
            unsent
            and unsent.state is SendState.QUEUED
            and (unsent.digest, unsent.group.reason) == (sealed, why)
        ):
            return
        message = Group(
            id=unsent.group.id if unsent else _id(bundle, talk, self.now),
            key=bundle.key,
            receiver=bundle.node.receiver,
            labels=bundle.labels,
            alerts=alerts,
            reason=why,
            data_through=data_through if any(map(rests_on_cost, alerts)) else None,
            links=links(self.public_url, alerts, _queries(alerts, self.queries)),
            owners=_owners(self.contacts, alerts),
        )
        due = _due(bundle.node, talk, message, self.now)
        plan.put.append(Notification(message, sealed, event, SendState.QUEUED, 0, self.now, due))


def _due(node: Node, talk: Conversation, message: Group, now: datetime) -> datetime:
    """When a message may go: ``group_wait`` after a group begins, ``group_interval`` after the last one."""
    if talk.unsent and talk.unsent.state is SendState.FAILED:
        return max(now, talk.unsent.next_attempt_at + node.group_interval)
    if talk.unsent:
        return talk.unsent.next_attempt_at
    if message.reason is Reason.FIRST:
        fired = [min(alert.fired_at, now) for alert in message.alerts if alert.fired_at]
        return max(now, min(fired, default=now) + node.group_wait)
    return max(now, talk.last_sent.queued_at + node.group_interval) if talk.last_sent else now


def _id(bundle: Bundle, talk: Conversation, now: datetime) -> str:
    parts = (bundle.node.receiver, bundle.key, str(talk.length), now.isoformat())
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

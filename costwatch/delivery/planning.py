"""Alerts become messages: grouped first, muted then, and told when their time has come.

What there is to tell of a group stands in the outbox as soon as it is known, with when it is due, and is
rewritten until then.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from costwatch.alerts.dedup import (
    digest,
)
from costwatch.alerts.links import links
from costwatch.alerts.message import rests_on_cost
from costwatch.alerts.muting import InhibitRule, Muted, spells
from costwatch.alerts.routing import Bundle, Node, group
from costwatch.delivery import moves as moving
from costwatch.delivery.conversations import CarriedOver, Plan, Stored
from costwatch.delivery.drafting import Draft, drafted
from costwatch.delivery.group_facts import GroupFacts
from costwatch.errors import CostwatchError
from costwatch.model import Alert, Group, Receipt
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
        everywhere = spells(list(stored.alerts.values()), stored.silences, self.inhibit_rules, self.now)
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
                left, is_editor = moved.left.get(place, frozenset()), place[0] in self.editors
                facts = GroupFacts(plan, bundle, talk, left, outbox, is_editor, self.now)
                quiet = facts.quiet(everywhere)
                _sort(plan, bundle, quiet)
                if place in talks:
                    is_given_up = self._is_given_up(place, bundle, talk, moved)
                    self._plan_group(facts, None if is_given_up else quiet)
        return plan

    def _plan_group(self, facts: GroupFacts, quiet: Mapping[str, Muted] | None) -> None:
        """Put what there is to tell of a group into the outbox, and keep its time; quiet None: nothing is."""
        plan, unsent = facts.whole, facts.talk.unsent
        draft, timer = (None, None) if quiet is None else drafted(facts, quiet)
        plan.intervals[facts.place] = facts.bundle.node.group_interval
        if timer is not None:
            plan.timers[facts.place] = timer
        if draft is None:
            plan.withdrawn += [unsent] if unsent else []
            return
        sealed = digest(draft.alerts, draft.remarks)
        if unsent and unsent.state is SendState.QUEUED:
            is_same = (unsent.digest, unsent.group.reason) == (sealed, draft.why)
            if is_same and max(unsent.next_attempt_at, self.now) == max(draft.due, self.now):
                return
        event = plan.before.newest_event
        message = self._message(facts, draft)
        plan.put.append(Notification(message, sealed, event, SendState.QUEUED, 0, self.now, draft.due))

    def _message(self, facts: GroupFacts, draft: Draft) -> Group:
        unsent = facts.talk.unsent
        receiver, key = facts.place
        rests = any(map(rests_on_cost, draft.alerts))
        return Group(
            id=unsent.group.id if unsent else _id(facts.place, facts.talk, self.now),
            key=key,
            receiver=receiver,
            labels=facts.bundle.labels,
            alerts=draft.alerts,
            reason=draft.why,
            data_through=facts.whole.before.data_through if rests else None,
            links=links(self.public_url, draft.alerts, _queries(draft.alerts, self.queries)),
            owners=_owners(self.contacts, draft.alerts),
            remarks=draft.remarks,
            is_aloud=draft.is_aloud,
        )

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


def _sort(plan: Plan, bundle: Bundle, quiet: Mapping[str, Muted]) -> None:
    """What fires in a group: aloud, or muted."""
    receiver = bundle.node.receiver
    for alert in bundle.alerts:
        if not alert.is_firing or alert.fired_at is None:
            continue
        if why := quiet.get(alert.fingerprint):
            where = (receiver, bundle.key, alert.fingerprint)
            plan.muted.append(MutedAlert(*where, alert.fired_at, str(why.by), why.name))
        else:
            plan.firing[receiver][alert.fingerprint] = alert


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

"""What bears on one group of alerts: what people know of it, what is muted, and since when it goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from costwatch.alerts import acknowledgement
from costwatch.alerts.dedup import Told, episode
from costwatch.alerts.flapping import WINDOW, WINDOW_OF_COST, Flapping, flapping
from costwatch.alerts.message import rests_on_cost
from costwatch.alerts.muting import Muted, Spells, muted_on, muted_throughout
from costwatch.alerts.routing import Bundle
from costwatch.alerts.silencing import was_expected
from costwatch.alerts.timing import Flushes, GroupTimer, flushes
from costwatch.delivery import moves as moving
from costwatch.delivery.conversations import Plan
from costwatch.model import Alert
from costwatch.warehouse.alerts.groups import Place
from costwatch.warehouse.alerts.outbox import Conversation, Outbox


@dataclass(frozen=True)
class GroupFacts:
    """One group of alerts in one conversation, ``now``.

    whole: the plan it is a part of. moved: fingerprints of what was told here and is told elsewhere now.
    is_editor: whether its receiver corrects messages in place.
    """

    whole: Plan
    bundle: Bundle
    talk: Conversation
    moved: frozenset[str]
    outbox: Outbox
    is_editor: bool
    now: datetime

    @property
    def place(self) -> Place:
        """Its conversation."""
        return self.bundle.node.receiver, self.bundle.key

    def quiet(self, everywhere: Spells) -> dict[str, Muted]:
        """What of it is muted, and by what; ``everywhere``: when alerts are, on all routes."""
        owed = self.owed
        # Time intervals are slow to ask about what is over: only where it may still be told.
        asked = [it for it in self.bundle.alerts if it.is_firing or it.fingerprint in owed]
        found = muted_throughout(asked, everywhere, self.bundle.node.group_wait)
        return found | muted_on(self.bundle.node, asked, self.now, everywhere)

    @cached_property
    def told(self) -> Told:
        """What people know."""
        last = self.talk.last_sent
        if last is None:
            return Told()
        at = self.talk.told_at or last.queued_at
        return Told(last.group.alerts, last.group.remarks, last.digest, at)

    @cached_property
    def timer(self) -> GroupTimer | None:
        """Since when it goes on; None: nothing fires in it, or fired unseen."""
        timer, told = self.whole.before.timers.get(self.place), self.told
        if timer and (told.is_open or told.at is None or timer.began_at > told.at):
            fired = [it.fired_at for it in self.bundle.alerts if it.is_firing and it.fired_at]
            return replace(timer, began_at=min([timer.began_at, *fired])) if told.at is None else timer
        return self._begun(told)

    def _begun(self, told: Told) -> GroupTimer | None:
        fired = [
            min(it.fired_at, self.now)
            for it in self.bundle.alerts
            if it.fired_at and (it.is_firing or (it.fingerprint in self._waiting and told.is_news(it)))
        ]
        if not fired and not told.is_open:
            return None
        began = min(fired, default=self.now)
        if told.at is None or began > told.at:
            return GroupTimer(began, self.now)
        # Something that is muted fired before all that was told was over: its flushes go on.
        goes_on = any(it.is_firing and it.fired_at and it.fired_at < told.at for it in self.bundle.alerts)
        return GroupTimer(told.at, self.now, told.at if goes_on else None)

    @cached_property
    def _waiting(self) -> frozenset[str]:
        """Fingerprints of those that fired since messages were planned, wait in one, or were muted then."""
        unseen, unsent = self.whole.before.unseen, self.talk.unsent_fingerprints
        muted = self.whole.before.muted_episodes.get(self.place, set())
        return frozenset(
            it.fingerprint
            for it in self.bundle.alerts
            if it.fingerprint in unseen or it.fingerprint in unsent or episode(it) in muted
        )

    @cached_property
    def owed(self) -> frozenset[str]:
        """Fingerprints of those that fired and were never told."""
        timer = self.timer
        if timer is None:
            return self._waiting
        last = self.flushes(timer).last
        late = (
            it.fingerprint
            for it in self.bundle.alerts
            if it.fired_at
            and it.resolved_at
            and (it.fired_at > last if last else it.resolved_at >= timer.began_at)
        )
        return self._waiting | frozenset(late)

    def flaps(self) -> dict[str, Flapping]:
        """By fingerprint, how its alerts flap."""
        found = {}
        for alert in self.bundle.alerts:
            changes = self.whole.before.changes.get(alert.fingerprint)
            if changes:
                usual = WINDOW_OF_COST if rests_on_cost(alert) else WINDOW
                window = usual if self.bundle.node.flap_window is None else self.bundle.node.flap_window
                if it := flapping(changes, window, self.now):
                    found[alert.fingerprint] = it
        return found

    def acknowledged(self) -> frozenset[str]:
        """Fingerprints of those that somebody sees to."""
        acks = self.whole.before.acks
        return frozenset(
            it.fingerprint
            for it in self.bundle.alerts
            if (ack := acks.get(episode(it)))
            and acknowledgement.holds(it, ack.at, self.bundle.alerts, self.now)
        )

    def has_message(self) -> bool:
        """Whether there is a message that can be corrected in place."""
        if not self.is_editor or self.talk.last_sent is None:
            return False
        carried = self.whole.carried.get(self.place)
        return (carried or self.outbox.last_sent(*self.place)).can_be_edited

    def remarks(
        self, alerts: Sequence[Alert], quiet: Mapping[str, Muted], flaps: Mapping[str, Flapping]
    ) -> dict[str, tuple[str, ...]]:
        """By fingerprint, what a message says of alerts beside what their rules say."""
        acks, found = self.whole.before.acks, {}
        for alert in alerts:
            said = []
            if alert.is_firing and (why := quiet.get(alert.fingerprint)):
                said.append(why.text)
            if alert.is_firing and (text := was_expected(alert, self.whole.before.silences, self.now)):
                said.append(text)
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

    def flushes(self, timer: GroupTimer) -> Flushes:
        """When it may be told."""
        told, plan = self.told, self.whole.before.plan
        of_this = told.at if told.is_open else None
        node = self.bundle.node
        looked_at = plan.at if plan and timer.seen_at < self.now else None
        return flushes(timer, of_this, node.group_wait, node.group_interval, looked_at)

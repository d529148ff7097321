"""All that planning reads of the warehouse, in one look; and how it is changed there, in one transaction."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from costwatch.alerts import lifecycle
from costwatch.alerts.dedup import Episode
from costwatch.alerts.timing import GroupTimer
from costwatch.model import Alert, Receipt, Silence
from costwatch.warehouse.alerts import acts
from costwatch.warehouse.alerts import alerts as stored_alerts
from costwatch.warehouse.alerts.groups import (
    LastPlan,
    Place,
    alert_groups,
    fired_since_planned,
    last_plan,
    save_groups,
    save_plan,
)
from costwatch.warehouse.alerts.muted_alerts import MutedAlert, muted_alerts, replace_muted_alerts
from costwatch.warehouse.alerts.outbox import Notification, Outbox
from costwatch.warehouse.alerts.silences import silences
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse

LONGEST_WINDOW = timedelta(days=7)  # of changes that count as flapping


@dataclass(frozen=True)
class Stored:
    """``alerts`` by fingerprint; ``unseen``: those that fired since messages were last planned, ``plan``.

    ``changes``: by fingerprint, when alerts fired and were over lately. ``told``: conversations that were
    ever begun.
    """

    alerts: Mapping[str, Alert]
    unseen: frozenset[str]
    silences: tuple[Silence, ...]
    acks: Mapping[Episode, acts.Ack]
    changes: Mapping[str, list[datetime]]
    data_through: date | None
    timers: Mapping[Place, GroupTimer]
    told: frozenset[Place]
    muted: list[MutedAlert]
    unsent: tuple[Notification, ...]
    plan: LastPlan | None
    newest_event: int

    @classmethod
    def read(cls, warehouse: Warehouse, now: datetime) -> "Stored":
        """As it is now."""
        since = now - lifecycle.REMEMBERED
        with warehouse.read() as db:
            outbox, unseen = Outbox(db), fired_since_planned(db)
            return cls(
                # What nobody could be told yet is not forgotten, however long ago it was over.
                alerts=stored_alerts.current_alerts(db, since, unseen | outbox.owed()),
                unseen=unseen,
                silences=tuple(silences(db)),
                acks=acts.acks(db, now),
                changes=stored_alerts.changes(db, now - LONGEST_WINDOW),
                data_through=WarehouseSnapshot(db, now).data_through,
                timers=alert_groups(db),
                told=frozenset(outbox.places()),
                muted=muted_alerts(db),
                unsent=tuple(outbox.unsent()),
                plan=last_plan(db),
                newest_event=stored_alerts.newest_event(db),
            )

    @cached_property
    def muted_episodes(self) -> Mapping[Place, set[Episode]]:
        """What was muted in each conversation when messages were last planned."""
        found: dict[Place, set[Episode]] = defaultdict(set)
        for each in self.muted:
            found[each.receiver, each.group_key].add((each.fingerprint, each.fired_at))
        return found


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """A message that counts as sent ``at`` that time, as another conversation told what it tells."""

    message: Notification
    receipt: Receipt
    at: datetime

    @property
    def can_be_edited(self) -> bool:
        """Whether there is a message to correct in place."""
        return bool(self.receipt.reference)


@dataclass
class Plan:
    """Messages to put into the outbox or to rewrite there, to withdraw from it, and to count as told.

    firing: what fires and is not muted, by receiver and fingerprint. muted: what fires and is muted, in
    each conversation. intervals: each conversation's group_interval.
    """

    before: Stored
    now: datetime
    put: list[Notification] = field(default_factory=list)
    withdrawn: list[Notification] = field(default_factory=list)
    carried: dict[Place, CarriedOver] = field(default_factory=dict)
    timers: dict[Place, GroupTimer] = field(default_factory=dict)
    muted: list[MutedAlert] = field(default_factory=list)
    firing: dict[str, dict[str, Alert]] = field(default_factory=lambda: defaultdict(dict))
    intervals: dict[Place, timedelta] = field(default_factory=dict)

    @property
    def due(self) -> list[Notification]:
        """What the outbox holds after it."""
        gone = {each.group.id for each in self.withdrawn}
        after = {each.group.id: each for each in (*self.before.unsent, *self.put)}
        return [each for key, each in after.items() if key not in gone]

    def store(self, warehouse: Warehouse) -> None:
        """Write it in one transaction; nothing where nothing changed."""
        self.muted.sort(key=lambda each: (each.receiver, each.group_key, each.fingerprint))
        plan = LastPlan(self.now, self.before.newest_event)
        changed = {key: it for key, it in self.timers.items() if self.before.timers.get(key) != it}
        gone = self.before.timers.keys() - self.timers.keys()
        is_same = plan == self.before.plan and self.muted == self.before.muted
        if is_same and not (changed or gone or self.put or self.withdrawn or self.carried):
            return
        with warehouse.write() as db:
            outbox = Outbox(db)
            for each in self.carried.values():
                outbox.carry_over(each.message, each.receipt, each.at)
            for notification in self.put:
                outbox.put(notification)
            for notification in self.withdrawn:
                outbox.withdraw(notification)
            if self.muted != self.before.muted:
                replace_muted_alerts(db, self.muted)
            save_groups(db, changed, gone)
            save_plan(db, plan)

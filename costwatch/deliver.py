"""Step 4: alerts become messages in an outbox, and those are sent: none lost, none twice.

Planning is one transaction. Each message is then marked as being sent, sent outside any lock, and
marked as sent; after a crash in between it is tried again as what it is, a message that may have
arrived. Messages about one group go out in order, pages before others; a receiver that cannot be reached is
left alone until the next run. Alerts are grouped first and muted then.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.alerts.muting import InhibitRule
from costwatch.alerts.routing import Route, resolve
from costwatch.delivery.backlog import merge
from costwatch.delivery.conversations import Plan
from costwatch.delivery.fallback import hand_over
from costwatch.delivery.forwarding import forward, forwarders
from costwatch.delivery.planning import Planner
from costwatch.delivery.sending import BUDGET, Attempt, Clock, Delivery, Sender, is_for
from costwatch.plugins import Editor, FactQuery, Notifier, Receiver
from costwatch.warehouse.alerts.clock import nothing_later
from costwatch.warehouse.alerts.failures import note_forwarding
from costwatch.warehouse.alerts.outbox import Outbox
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
    planner = Planner(
        resolve(route, time_intervals),
        tuple(inhibit_rules),
        frozenset(name for name, receiver in by_name.items() if isinstance(receiver, Notifier)),
        frozenset(name for name, receiver in by_name.items() if isinstance(receiver, Editor)),
        contacts,
        public_url,
        queries,
        now,
    )
    handed = list(forwarders(receivers, only))
    if dry_run:
        plan = planner.plan(warehouse)
        waiting = tuple(Attempt(each.group) for each in plan.due if is_for(each, only))
        return Delivery(waiting=waiting, forwarded=_counts(handed, plan))
    with warehouse.job_lock("alerts-deliver"):
        nothing_later(warehouse, now)
        _part(warehouse)
        plan = planner.plan(warehouse)
        plan.store(warehouse)
        errors = forward(handed, plan.firing, now)  # first: sending may take its time
        note_forwarding(warehouse, {each.name: errors.get(each.name, "") for each in handed}, now)
        sender = Sender(warehouse, by_name, now, only, budget, clock, plan.intervals)
        sender.send(merge(warehouse, by_name, now, only))
        if fallback is not None:
            sender.send(hand_over(warehouse, fallback, now, only))
    forwarded = {name: count for name, count in _counts(handed, plan).items() if name not in errors}
    return Delivery(
        tuple(sender.sent), tuple(sender.failed), tuple(sender.waiting), forwarded, not_forwarded=errors
    )


def _part(warehouse: Warehouse) -> None:
    """What an earlier run merged and did not try to send is planned, and merged, anew."""
    with warehouse.read() as db:
        is_merged = Outbox(db).has_merged()
    if is_merged:
        with warehouse.write() as db:
            Outbox(db).part()


def _counts(receivers: Iterable[Receiver], plan: Plan) -> dict[str, int]:
    return {receiver.name: len(plan.firing[receiver.name]) for receiver in receivers}

"""Step 4: alerts become messages in an outbox, and those are sent: none lost, none twice.

Planning is one transaction. Each message is then marked as being sent, sent outside any lock, and
marked as sent; after a crash in between it is tried again as what it is, a message that may have
arrived. Messages about one group go out in order; a receiver that cannot be reached is left alone
until the next run.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from costwatch.alerts import lifecycle
from costwatch.alerts.dedup import LastSent, digest, present, reason
from costwatch.alerts.links import links
from costwatch.alerts.routing import Bundle, Node, Route, group, resolve
from costwatch.errors import CostwatchError, NotifyError
from costwatch.model import Alert, Group, Reason
from costwatch.plugins import Notifier, fact_query
from costwatch.warehouse.alerts import alerts as stored_alerts
from costwatch.warehouse.alerts.outbox import Conversation, Notification, Outbox, SendState
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse

_BACK_OFF_SECONDS = 15
_BACK_OFF_AT_MOST_SECONDS = 240
_RETRY_AFTER_AT_MOST_SECONDS = 86_400
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message that is not there yet, and why; no error: its time has not come."""

    group: Group
    error: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """``sent``; ``failed``: refused for good, as they are; ``waiting``: to be sent by a later run.

    Of a dry run: all that a real one would try to send is ``waiting``.
    """

    sent: tuple[Group, ...] = ()
    failed: tuple[Attempt, ...] = ()
    waiting: tuple[Attempt, ...] = ()


def deliver(
    warehouse: Warehouse,
    route: Route,
    receivers: Sequence[Notifier],
    contacts: Mapping[str, str],
    public_url: str,
    now: datetime,
    *,
    dry_run: bool = False,
    only: str | None = None,
) -> Delivery:
    """Plan what is to be told and send it.

    contacts: team -> who to ask. public_url: how links to the pages begin. only: send to that receiver
    alone; the others' messages stay in the outbox. Raises BusyError while another delivery runs; what
    goes wrong with a receiver is in the answer.
    """
    now = now.replace(microsecond=0)
    by_name = {receiver.name: receiver for receiver in receivers}
    planner = _Planner(resolve(route), frozenset(by_name), contacts, public_url, now)
    if dry_run:
        due = planner.plan(warehouse).due
        return Delivery(waiting=tuple(Attempt(each.group) for each in due if _is_for(each, only)))
    with warehouse.job_lock("alerts-deliver"):
        plan = planner.plan(warehouse)
        if plan.put or plan.withdrawn:
            with warehouse.write() as db:
                outbox = Outbox(db)
                for notification in plan.put:
                    outbox.put(notification)
                for notification in plan.withdrawn:
                    outbox.withdraw(notification)
        return _send(warehouse, by_name, now, only)


# --- planning ----------------------------------------------------------------------------------


@dataclass
class _OutboxPlan:
    """Notifications to put into the outbox or to rewrite there, and to withdraw from it."""

    before: list[Notification]
    put: list[Notification] = field(default_factory=list)
    withdrawn: list[Notification] = field(default_factory=list)

    @property
    def due(self) -> list[Notification]:
        """What the outbox holds after it."""
        gone = {each.group.id for each in self.withdrawn}
        after = {each.group.id: each for each in (*self.before, *self.put)}
        return [each for key, each in after.items() if key not in gone]


@dataclass(frozen=True)
class _Planner:
    root: Node
    receivers: frozenset[str]
    contacts: Mapping[str, str]
    public_url: str
    now: datetime

    def plan(self, warehouse: Warehouse) -> _OutboxPlan:
        with warehouse.read() as db:
            outbox = Outbox(db)
            plan = _OutboxPlan(outbox.unsent())
            alerts = stored_alerts.current_alerts(db, self.now - lifecycle.REMEMBERED).values()
            event, unseen = outbox.newest_event(), outbox.fired_since_planned()
            data_through = WarehouseSnapshot(db, self.now).data_through
            bundles = {(bundle.node.receiver, bundle.key): bundle for bundle in group(self.root, alerts)}
            for receiver, key in dict.fromkeys([*bundles, *outbox.unfinished()]):
                if receiver not in self.receivers:
                    continue
                talk = outbox.conversation(receiver, key)
                bundle = bundles.get((receiver, key)) or self._left_behind(receiver, key, talk)
                alerts_now = present(
                    talk.last_sent_alerts, unseen | talk.unsent_fingerprints, bundle.alerts, self.now
                )
                self._add(plan, bundle, talk, alerts_now, event, data_through)
        return plan

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
        event: int,
        data_through: date | None,
    ) -> None:
        last_sent, unsent = talk.last_sent, talk.unsent
        previous = (
            LastSent(talk.last_sent_alerts, last_sent.digest, talk.aloud_at or last_sent.queued_at)
            if last_sent
            else None
        )
        why = reason(previous, alerts, self.now, bundle.node.repeat_interval)
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
            data_through=data_through,
            links=links(self.public_url, alerts, _pages(alerts)),
            owners=_owners(self.contacts, alerts),
        )
        due = _due(bundle.node, talk, message, self.now)
        plan.put.append(Notification(message, sealed, event, SendState.QUEUED, 0, self.now, due))


def _due(node: Node, talk: Conversation, message: Group, now: datetime) -> datetime:
    """When a message may go: ``group_wait`` after a group begins, ``group_interval`` after the last one."""
    if talk.unsent and talk.unsent.state is SendState.FAILED:
        return max(now, talk.unsent.next_attempt_at + node.group_interval)
    if talk.unsent:
        # Whatever a clock once said, nothing waits for longer than a receiver may ask for.
        return min(talk.unsent.next_attempt_at, now + timedelta(seconds=_RETRY_AFTER_AT_MOST_SECONDS))
    if message.reason is Reason.FIRST:
        fired = [alert.fired_at for alert in message.alerts if alert.fired_at]
        return max(now, min(fired, default=now) + node.group_wait)
    return max(now, min(talk.last_sent.queued_at, now) + node.group_interval) if talk.last_sent else now


def _id(bundle: Bundle, talk: Conversation, now: datetime) -> str:
    parts = (bundle.node.receiver, bundle.key, str(talk.length), now.isoformat())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _pages(alerts: Iterable[Alert]) -> dict[str, str]:
    """The page of each query that alerts rest on, where one is registered."""
    pages = {}
    for query in {alert.about.query for alert in alerts if alert.about}:
        with suppress(ValueError, CostwatchError):
            pages[query] = fact_query(query).page
    return pages


def _owners(contacts: Mapping[str, str], alerts: Iterable[Alert]) -> tuple[str, ...]:
    teams = dict.fromkeys(dict(alert.labels).get("team", "") for alert in alerts)
    return tuple(contacts[team] for team in teams if contacts.get(team))


# --- sending -----------------------------------------------------------------------------------


def _send(
    warehouse: Warehouse, receivers: Mapping[str, Notifier], now: datetime, only: str | None
) -> Delivery:
    sent: list[Group] = []
    failed: list[Attempt] = []
    waiting: list[Attempt] = []
    held: set[tuple[str, str]] = set()
    away: set[str] = set()
    with warehouse.read() as db:
        unsent = Outbox(db).unsent()
    for notification in unsent:
        it = notification.group
        talk = (it.receiver, it.key)
        if not _is_for(notification, only):
            waiting.append(Attempt(it))
            continue
        if talk in held or it.receiver in away or notification.next_attempt_at > now:
            held.add(talk)
            waiting.append(Attempt(it))
            continue
        error = _try(warehouse, receivers.get(it.receiver), notification, now)
        if error is None:
            sent.append(it)
        elif error.permanent:
            failed.append(Attempt(it, str(error)))
        else:
            held.add(talk)
            away.add(it.receiver)
            waiting.append(Attempt(it, str(error)))
    return Delivery(tuple(sent), tuple(failed), tuple(waiting))


def _try(
    warehouse: Warehouse, receiver: Notifier | None, notification: Notification, now: datetime
) -> NotifyError | None:
    """Send one message; None: it arrived. The outbox knows the outcome either way."""
    with warehouse.write() as db:
        outbox = Outbox(db)
        previous = outbox.previous(notification)
        outbox.claim(notification)
    attempt = notification.attempts + 1
    try:
        if receiver is None:
            what = f"receiver '{notification.group.receiver}': no longer in the rules file"
            raise NotifyError(f"{what}; add it again, or let its message be", permanent=True)
        receipt = receiver.notify(replace(notification.group, attempt=attempt), previous)
    except Exception as error:  # a notifier may be anyone's: what it raises must not lose the message
        problem = error if isinstance(error, NotifyError) else _surprise(notification, error)
        with warehouse.write() as db:
            if problem.permanent:
                Outbox(db).failed(notification, str(problem), now)
            else:
                Outbox(db).postponed(notification, str(problem), now + _back_off(attempt, problem))
        return problem
    with warehouse.write() as db:
        Outbox(db).sent(notification, receipt, now)
    return None


def _back_off(attempt: int, error: NotifyError) -> timedelta:
    seconds = min(_BACK_OFF_SECONDS * 2 ** min(attempt - 1, 10), _BACK_OFF_AT_MOST_SECONDS)
    if error.retry_after_seconds is not None:
        seconds = min(max(error.retry_after_seconds, 0), _RETRY_AFTER_AT_MOST_SECONDS)
    return timedelta(seconds=seconds)


def _surprise(notification: Notification, error: Exception) -> NotifyError:
    _log.debug("receiver %s", notification.group.receiver, exc_info=error)
    # Only the type: a stranger's message may hold what must not be stored or shown.
    name = notification.group.receiver
    what = f"receiver '{name}': its notifier failed with {type(error).__name__}"
    return NotifyError(f"{what}; it is tried again", permanent=False)


def _is_for(notification: Notification, only: str | None) -> bool:
    return only is None or notification.group.receiver == only

"""Messages of the outbox are sent, each claimed first and settled after, outside any lock."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from costwatch.alerts.dedup import episode
from costwatch.delivery.lanes import Lane, Lanes, lane_of, urgent_first
from costwatch.errors import NotifyError
from costwatch.model import Alert, Group, Reason, Severity
from costwatch.plugins import Editor, Notifier, Paced, Receiver
from costwatch.warehouse.alerts.groups import Place
from costwatch.warehouse.alerts.outbox import Notification, Outbox
from costwatch.warehouse.store import Warehouse

BUDGET = timedelta(minutes=10)
_RETRY_AFTER_AT_MOST_SECONDS = 86_400
_WAITED_OUT_SECONDS = 60  # a receiver that wants to be left alone for longer is, until a later run
_OUT_OF_TIME = "the run's time was over before it was sent; the next run goes on"
URGENCY = {severity: number for number, severity in enumerate(Severity)}
_BACK_OFF_SECONDS = 15
_BACK_OFF_AT_MOST_SECONDS = 240
_IN_PLACE = (Reason.CHANGED, Reason.SOME_RESOLVED, Reason.RESOLVED)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message that is not there yet, and why; no error: its time has not come."""

    group: Group
    error: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """``sent``; ``failed``: refused for good, as they are; ``waiting``: to be sent by a later run.

    ``forwarded``: how many alerts a receiver was handed as firing; ``not_forwarded``: why another was
    not. Of a dry run: all that a real one would try to send is ``waiting``, or ``forwarded``.
    """

    sent: tuple[Group, ...] = ()
    failed: tuple[Attempt, ...] = ()
    waiting: tuple[Attempt, ...] = ()
    forwarded: Mapping[str, int] = field(default_factory=dict)
    not_forwarded: Mapping[str, str] = field(default_factory=dict)


class Clock(Protocol):
    """What a run is measured by; the module ``time`` is one."""

    def monotonic(self) -> float:
        """Seconds since whenever."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Return after so many."""
        ...


@dataclass
class Sender:
    """One run's sending, which began at ``now``. ``only``: to that receiver alone.

    intervals: each conversation's group_interval: none waits longer to be tried again. A conversation with a
    message that has to wait is ``held``; a receiver that cannot be reached is ``away``: both are left alone
    until the next run. ``ready_at``: when a lane takes its next message, in seconds since the run began;
    after ``budget`` none is sent.
    """

    warehouse: Warehouse
    receivers: Mapping[str, Receiver]
    now: datetime
    only: str | None = None
    budget: timedelta = BUDGET
    clock: Clock = time
    intervals: Mapping[Place, timedelta] = field(default_factory=dict)
    sent: list[Group] = field(default_factory=list)
    failed: list[Attempt] = field(default_factory=list)
    waiting: list[Attempt] = field(default_factory=list)
    held: set[Place] = field(default_factory=set)
    away: set[str] = field(default_factory=set)
    ready_at: defaultdict[Lane, float] = field(default_factory=lambda: defaultdict(float))
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock.monotonic()

    def send(self, notifications: Iterable[Notification]) -> None:
        """Each that is due: the most urgent first, as fast as its channel takes them."""
        lanes = Lanes(self._lane)
        for place, each in enumerate(urgent_first(notifications)):
            lanes.add(place, each)
        while lanes:
            lane = lanes.next(lambda lane: max(self.ready_at[lane], self._seconds))
            if not self._wait_until(self.ready_at[lane]):
                break
            place, notification = lanes.pop(lane)
            if again := self._take(notification, lane):
                lanes.put_back(place, again)
            else:
                lanes.done(notification)
        for each in lanes.rest():
            error = each.error or _OUT_OF_TIME
            self.waiting.append(Attempt(each.group, error if self._is_due(each) else ""))

    def _lane(self, notification: Notification) -> Lane:
        with self.warehouse.read() as db:
            return lane_of(Outbox(db), notification, self.receivers)

    def _take(self, notification: Notification, lane: Lane) -> Notification | None:
        """Send a message, if it is due; as it is then, if this run is to try it again."""
        it = notification.group
        talk = (it.receiver, it.key)
        if not self._is_due(notification):
            self.held.add(talk)
            self.waiting.append(Attempt(it))
            return None
        error = self._try(notification)
        if error is None:
            self.sent.append(it)
            self.ready_at[lane] = self._seconds + _pause_seconds(self.receivers.get(it.receiver), lane)
        elif error.permanent:
            self.held.add(talk)  # what comes after it is planned anew, with what it should have told
            self.failed.append(Attempt(it, str(error)))
        elif error.retry_after_seconds is not None and error.retry_after_seconds <= _WAITED_OUT_SECONDS:
            self.ready_at[lane] = self._seconds + max(error.retry_after_seconds, 1)
            again = replace(notification, attempts=notification.attempts + 1, error=str(error))
            return replace(again, next_attempt_at=self._now)
        else:
            self.held.add(talk)
            self.away.add(it.receiver)
            self.waiting.append(Attempt(it, str(error)))
        return None

    def _is_due(self, notification: Notification) -> bool:
        """Whether this run is to send it now."""
        it = notification.group
        is_kept = (it.receiver, it.key) in self.held or it.receiver in self.away
        return not is_kept and is_for(notification, self.only) and notification.next_attempt_at <= self._now

    def _wait_until(self, seconds: float) -> bool:
        """Whether the time for it came before the run's was over."""
        if max(seconds, self._seconds) > self.budget.total_seconds():
            return False
        if seconds > self._seconds:
            self.clock.sleep(seconds - self._seconds)
        return True

    @property
    def _seconds(self) -> float:
        """How long the run has taken."""
        return self.clock.monotonic() - self.began

    @property
    def _now(self) -> datetime:
        return self.now + timedelta(seconds=int(self._seconds))

    def _try(self, notification: Notification) -> NotifyError | None:
        """Send one message; None: it arrived. The outbox knows the outcome either way."""
        with self.warehouse.write() as db:
            outbox = Outbox(db)
            previous = outbox.previous(notification)
            outbox.claim(notification, self._now)
        attempt, name = notification.attempts + 1, notification.group.receiver
        try:
            notifier = _notifier(self.receivers.get(name), name)
            group = replace(notification.group, attempt=attempt, queued_at=notification.queued_at)
            if not isinstance(notifier, Editor):
                group = replace(group, alerts=_not_told_before(group.alerts, previous.alerts))
            receipt = notifier.notify(group, previous.receipt)
        except Exception as error:  # a notifier may be anyone's: what it raises must not lose the message
            problem = explained(error, name, "notifier")
            with self.warehouse.write() as db:
                if problem.permanent:
                    Outbox(db).failed(notification, str(problem), self._now)
                else:
                    until = self._now + self._back_off(notification, attempt, problem)
                    Outbox(db).postponed(notification, str(problem), until)
            return problem
        with self.warehouse.write() as db:
            Outbox(db).sent(notification, receipt, self._now)
        return None

    def _back_off(self, notification: Notification, attempt: int, error: NotifyError) -> timedelta:
        """Until a message is tried again: longer each time, but no longer than its group would wait."""
        if error.retry_after_seconds is not None:
            seconds = min(max(error.retry_after_seconds, 0), _RETRY_AFTER_AT_MOST_SECONDS)
            return timedelta(seconds=seconds)
        backed_off = min(_BACK_OFF_SECONDS * 2 ** min(attempt - 1, 10), _BACK_OFF_AT_MOST_SECONDS)
        interval = self.intervals.get((notification.group.receiver, notification.group.key))
        return min(timedelta(seconds=backed_off), interval or timedelta(seconds=_BACK_OFF_AT_MOST_SECONDS))


def _not_told_before(alerts: tuple[Alert, ...], before: Iterable[Alert]) -> tuple[Alert, ...]:
    """Without what was told to be over already, and reads as it did then."""
    known = {episode(alert): alert.summary for alert in before if not alert.is_firing}
    return tuple(each for each in alerts if each.is_firing or known.get(episode(each)) != each.summary)


def is_for(notification: Notification, only: str | None) -> bool:
    """Whether a run that serves ``only`` (None: all) sends it."""
    return only is None or notification.group.receiver == only


def explained(error: Exception, receiver: str, what: str) -> NotifyError:
    """A receiver's own error, or that its ``what`` broke."""
    if isinstance(error, NotifyError):
        return error
    _log.debug("receiver %s", receiver, exc_info=error)
    # Only the type: a stranger's message may hold what must not be stored or shown.
    text = f"receiver '{receiver}': its {what} failed with {type(error).__name__}; it is tried again"
    return NotifyError(text, permanent=False)


def _notifier(receiver: Receiver | None, name: str) -> Notifier:
    if receiver is None:
        what = f"receiver '{name}': no longer in the rules file"
        raise NotifyError(f"{what}; add it again, or let its message be", permanent=True)
    if not isinstance(receiver, Notifier):
        what = f"receiver '{name}': takes no messages any more"
        raise NotifyError(f"{what}; change its kind back, or let its message be", permanent=True)
    return receiver


def _pause_seconds(receiver: Receiver | None, lane: Lane) -> float:
    _, is_edit = lane
    if is_edit and isinstance(receiver, Editor):
        return 1 / receiver.edits_per_second
    return 1 / receiver.messages_per_second if isinstance(receiver, Paced) else 0

"""Messages of the outbox are sent, each claimed first and settled after, outside any lock."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from costwatch.errors import NotifyError
from costwatch.model import Group
from costwatch.plugins import Notifier, Receiver
from costwatch.warehouse.alerts.outbox import Notification, Outbox
from costwatch.warehouse.store import Warehouse

RETRY_AFTER_AT_MOST_SECONDS = 86_400
_BACK_OFF_SECONDS = 15
_BACK_OFF_AT_MOST_SECONDS = 240
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


@dataclass
class Sender:
    """One run's sending. ``only``: to that receiver alone.

    A conversation with a message that has to wait is ``held``; a receiver that cannot be reached is
    ``away``: both are left alone until the next run.
    """

    warehouse: Warehouse
    receivers: Mapping[str, Receiver]
    now: datetime
    only: str | None = None
    sent: list[Group] = field(default_factory=list)
    failed: list[Attempt] = field(default_factory=list)
    waiting: list[Attempt] = field(default_factory=list)
    held: set[tuple[str, str]] = field(default_factory=set)
    away: set[str] = field(default_factory=set)

    def send(self, notifications: Iterable[Notification]) -> None:
        """Each in its turn, if it is due."""
        for notification in notifications:
            it = notification.group
            talk = (it.receiver, it.key)
            if not is_for(notification, self.only):
                self.waiting.append(Attempt(it))
                continue
            if talk in self.held or it.receiver in self.away or notification.next_attempt_at > self.now:
                self.held.add(talk)
                self.waiting.append(Attempt(it))
                continue
            error = self._try(notification)
            if error is None:
                self.sent.append(it)
            elif error.permanent:
                self.held.add(talk)  # what comes after it is planned anew, with what it should have told
                self.failed.append(Attempt(it, str(error)))
            else:
                self.held.add(talk)
                self.away.add(it.receiver)
                self.waiting.append(Attempt(it, str(error)))

    def _try(self, notification: Notification) -> NotifyError | None:
        """Send one message; None: it arrived. The outbox knows the outcome either way."""
        with self.warehouse.write() as db:
            outbox = Outbox(db)
            previous = outbox.previous(notification)
            outbox.claim(notification, self.now)
        attempt, name = notification.attempts + 1, notification.group.receiver
        try:
            notifier = _notifier(self.receivers.get(name), name)
            receipt = notifier.notify(replace(notification.group, attempt=attempt), previous)
        except Exception as error:  # a notifier may be anyone's: what it raises must not lose the message
            problem = explained(error, name, "notifier")
            with self.warehouse.write() as db:
                if problem.permanent:
                    Outbox(db).failed(notification, str(problem), self.now)
                else:
                    until = self.now + _back_off(attempt, problem)
                    Outbox(db).postponed(notification, str(problem), until)
            return problem
        with self.warehouse.write() as db:
            Outbox(db).sent(notification, receipt, self.now)
        return None


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


def _back_off(attempt: int, error: NotifyError) -> timedelta:
    seconds = min(_BACK_OFF_SECONDS * 2 ** min(attempt - 1, 10), _BACK_OFF_AT_MOST_SECONDS)
    if error.retry_after_seconds is not None:
        seconds = min(max(error.retry_after_seconds, 0), RETRY_AFTER_AT_MOST_SECONDS)
    return timedelta(seconds=seconds)

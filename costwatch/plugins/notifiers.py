"""The door for receivers: who is told, and how. One of ``alerts.yaml`` may come through any of these."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from costwatch.model import Act, Alert, Group, Receipt, Report


class Receiver(Protocol):
    """What all have."""

    @property
    def name(self) -> str:
        """Unique; what routes call it."""
        ...


@runtime_checkable
class Notifier(Receiver, Protocol):
    """Is told in conversations: each group of alerts begins with a message, which is corrected later."""

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        """Send ``group``; ``previous`` is what the last message of the same conversation gave back.

        Raises NotifyError: ``permanent`` when trying again is no use.
        """
        ...


@runtime_checkable
class Paced(Receiver, Protocol):
    """Takes no more than so many messages a second; one that is asked to wait a little is waited for."""

    @property
    def messages_per_second(self) -> float:
        """Above 0."""
        ...

    @property
    def channel(self) -> str:
        """What it speaks in: receivers of one channel share its pace."""
        ...


@runtime_checkable
class Editor(Receiver, Protocol):
    """Corrects messages in place: what only reads differently (``Reason.CHANGED``) is told to it alone."""

    @property
    def edits_per_second(self) -> float:
        """Above 0: a budget of its own, beside that of new messages."""
        ...


@runtime_checkable
class Forwarder(Receiver, Protocol):
    """Is handed what fires at every run, as Alertmanager wants it, and groups and repeats by itself."""

    def forward(self, alerts: Sequence[Alert], now: datetime) -> None:
        """Hand on all alerts that fire and go to this receiver; also when there are none.

        What is no longer among them is over, or muted. The next run hands on again whatever this one
        could not. Raises NotifyError.
        """
        ...


@runtime_checkable
class Publisher(Receiver, Protocol):
    """Takes reports: ``costwatch report weekly --to NAME``."""

    def publish(self, report: Report, previous: Receipt | None) -> Receipt:
        """Send ``report``, or correct what ``previous`` gave back when the same report was sent before.

        Raises NotifyError.
        """
        ...


@runtime_checkable
class Interactive(Receiver, Protocol):
    """Has buttons."""

    def listen(self, handle: Callable[[Act], str]) -> None:
        """Call ``handle`` with each act of a person, and show them the sentence it answers with.

        Returns when it is told to end. ``handle`` raises UsageError for an act that cannot be done, such
        as one on an alert that is not there; its text is for the person too. Doing an act twice is
        doing it once.
        """
        ...

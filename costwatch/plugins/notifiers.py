"""The door for notifiers: who is told."""

from typing import Protocol

from costwatch.model import Group, Receipt


class Notifier(Protocol):
    """One receiver of ``alerts.yaml``."""

    @property
    def name(self) -> str:
        """Unique; what routes call it."""
        ...

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        """Send ``group``; ``previous`` is what the last message of the same conversation gave back.

        Raises NotifyError: ``permanent`` when trying again is no use.
        """
        ...

"""Receiver kind ``stdout``: prints messages."""

import sys

from pydantic import Field

from costwatch.errors import NotifyError
from costwatch.model import Group, Receipt
from costwatch.plugins import Settings


class Stdout(Settings):
    """Prints each message as plain text, corrections and repeats too. For trying things out, or for a log.

    name: as routes call it.

    Example::

        - {name: default, kind: stdout}
    """

    name: str = Field(min_length=1)

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        """See ``plugins.Notifier``."""
        from costwatch.alerts.message import compose, plain  # most commands send nothing

        encoding = sys.stdout.encoding or "utf-8"
        text = plain(compose(group)).encode(encoding, "backslashreplace").decode(encoding)
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except OSError as error:
            what = f"receiver '{self.name}': standard output is gone ({error.strerror})"
            raise NotifyError(f"{what}; run it where its output can be written", permanent=False) from None
        return Receipt({})

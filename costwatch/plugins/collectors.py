"""The door for collectors: where data comes from."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

from pydantic import Field

from costwatch.model import Batch, Window
from costwatch.plugins.settings import Settings


class Collector(Protocol):
    """One source of ``costwatch.yaml``."""

    @property
    def name(self) -> str:
        """Unique; becomes ``x_Source``."""
        ...

    @property
    def role(self) -> Literal["bill", "check"]:
        """``bill``: its charges are the bill; ``check``: they are only compared with it."""
        ...

    @property
    def lookback(self) -> timedelta:
        """How far behind its watermark it reads again, since data is restated."""
        ...

    def collect(self, window: Window) -> Iterator[Batch]:
        """The batches that overlap ``window``, oldest first; raises SourceError.

        A bill's batches are whole billing periods. A source that answers must yield at least one
        batch: none at all is a failure. Files a batch's ``read`` gave may be deleted as soon as the
        next batch is asked for.
        """
        ...


class SpendLimit(Protocol):
    """What a source may still spend today."""

    def pay(self, dollars: Decimal) -> None:
        """Note a paid request before it is sent, so that a crash cannot forget it.

        Raises SourceError, noting nothing, if it would pass the day's budget: then it must not be sent.
        """
        ...


@runtime_checkable
class PaidCollector(Collector, Protocol):
    """A source that costs money to ask. costwatch asks it by ``collect_paid`` only."""

    @property
    def daily_budget(self) -> Decimal:
        """What asking may cost in a UTC day, in USD."""
        ...

    @property
    def every(self) -> timedelta:
        """How long its last answer is good for: sooner it is only asked for a window that someone names."""
        ...

    def collect_paid(self, window: Window, now: datetime, purse: SpendLimit) -> Iterator[Batch]:
        """``collect`` as of ``now`` (UTC), where each request is paid from ``purse``, retries too."""
        ...


class CollectorSettings(Settings):
    """What all collectors share.

    name: unique; becomes ``x_Source``. role: ``bill`` (its charges are the bill) or ``check`` (only
    compared with the bill).
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    role: Literal["bill", "check"] = "bill"

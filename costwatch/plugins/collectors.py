"""The door for collectors: where data comes from."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal, Protocol, runtime_checkable

from pydantic import Field, field_validator

from costwatch.model import Batch, Window
from costwatch.plugins.settings import Settings
from costwatch.plugins.tables import Table


class Collector(Protocol):
    """One source of ``costwatch.yaml``."""

    tables: ClassVar[tuple[Table, ...]]  # those it fills besides ``bill``, which needs no declaration

    @property
    def name(self) -> str:
        """Unique; becomes ``x_Source``."""
        ...

    @property
    def role(self) -> Literal["bill", "check"] | None:
        """``bill``: its charges are the bill; ``check``: they are held against it; None: it brings none."""
        ...

    @property
    def lookback(self) -> timedelta:
        """How far behind its watermark it reads again, since data is restated."""
        ...

    def collect(self, window: Window) -> Iterator[Batch]:
        """The batches that overlap ``window``, oldest first; raises SourceError.

        A batch is of table ``bill`` and read as an Export, or of one of ``tables`` and read as Arrow record
        batches with the declared columns. A bill's windows are whole billing periods; those of other tables
        lie on a grid of the source's own, such as hours, that does not move with ``window``: a batch replaces
        the batches that lie inside its window, and one that overlaps others in part is refused.

        A source that answers must yield at least one batch, be it without rows: none at all is a failure.
        Files a batch's ``read`` gave may be deleted as soon as the next batch is asked for.
        """
        ...


@runtime_checkable
class DatedCollector(Collector, Protocol):
    """A source whose answer depends on the day it is asked. costwatch asks it by ``collect_as_of`` only."""

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """``collect`` as of ``now`` (UTC)."""
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

    A class that brings no bill says ``role: None = None``, and in ``tables`` what it brings.
    ``lines_are_sums``: its bill has as many lines on a day half told as on a whole one, so that only what a
    day costs tells whether it is whole.
    """

    tables: ClassVar[tuple[Table, ...]] = ()
    lines_are_sums: ClassVar[bool] = False

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    role: Literal["bill", "check"] | None = "bill"

    @field_validator("role")
    @classmethod
    def _is_of_a_bill(cls, role: str | None) -> str | None:
        """What a file says of it; a class without a bill leaves the key out."""
        if role is None and cls.model_fields["role"].default is not None:
            raise ValueError("must be bill or check, or be left out")
        return role

"""What passes between collect and those that take a batch: where to, and what it brought."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from costwatch.ledger.files import LedgerFiles
from costwatch.model import Batch, Progress
from costwatch.warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the batches of one source go.

    periods: billing periods of which the source brought lines before. dry_run: look at batches as if they
    were stored; the warehouse stays as it is, and the ledger is one that nobody reads.
    """

    warehouse: Warehouse
    ledger: LedgerFiles
    source: str
    periods: frozenset[date]
    dry_run: bool
    progress: Progress


@dataclass(frozen=True, slots=True)
class Intake:
    """What one batch brought that was not there before.

    row_count: lines of a bill, or rows. is_new: whether anything is stored that was not. periods: of the
    bill. files: names as the source knows them. note: what went well, but not as it may have been meant.
    error: what of it could not be taken, while the rest was.
    """

    row_count: int
    is_new: bool
    periods: tuple[date, ...] = ()
    files: tuple[str, ...] = ()
    note: str = ""
    error: str = ""


Take = Callable[[Stores, Batch], Intake]  # raises CostwatchError; what is stored stays as it was then

"""Step 1: sources into ledger and warehouse, window by window. It registers loads and publishes nothing."""

import logging
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from costwatch.errors import BusyError, CostwatchError, RefusedError
from costwatch.intake.batches import Intake, Stores
from costwatch.intake.tables import BILL, clashes, tables_of, taking
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Batch, Progress, Window, untold
from costwatch.plugins import Collector, DatedCollector, PaidCollector
from costwatch.scratch import temporary_files
from costwatch.slo.collecting import SLI
from costwatch.warehouse.bill.loads import newest_loads
from costwatch.warehouse.bill.spend import StoredSpendLimit
from costwatch.warehouse.intake import runs
from costwatch.warehouse.intake.rows import files_of_source
from costwatch.warehouse.intake.runs import Bookmarks
from costwatch.warehouse.store import Warehouse
from costwatch.wording import at_instant

_log = logging.getLogger(__name__)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run brought of one source.

    line_count, periods: of the bill. rows: table -> rows, of other tables. partial_count: batches that the
    source called incomplete. error: every reason, a line each. note: what went well, but not as it may have
    been meant, a line each.
    """

    source: str
    outcome: Literal["loaded", "unchanged", "failed"]
    line_count: int = 0
    periods: tuple[date, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    partial_count: int = 0
    error: str = ""
    note: str = ""
    busy: bool = False

    @property
    def row_count(self) -> int:
        """Over all tables."""
        return self.line_count + sum(self.rows.values())


@temporary_files()
def collect(
    warehouse: Warehouse,
    ledger_folder: Path,
    sources: Sequence[Collector],
    now: datetime,
    *,
    window: Window | None = None,
    dry_run: bool = False,
    progress: Progress = untold,
) -> list[Collected]:
    """Read every source once; one that fails leaves what is stored as it was, and the others go on.

    window: what to look at (widened by the source to whole periods); by default from the source's
    watermark less its lookback, or everything the first time, until ``now`` (UTC); a paid source only when
    its last answer is no longer good. dry_run: look and report, store nothing but what looking has cost.
    progress: told of the files of each delivery.
    """
    if not dry_run:
        warehouse.migrate()
    refused = dict(clashes(sources))
    collected = []
    for source in sources:
        try:
            with _ledger(warehouse, ledger_folder, source.name, dry_run) as files:
                bookmarks, periods = _known(warehouse, LedgerFiles(ledger_folder), source.name)
                stores = Stores(warehouse, files, source.name, periods, dry_run, progress)
                run = _Run(stores, source, bookmarks, now)
                collected.append(run.read(window, refused.get(source.name, "")))
        except BusyError as busy:
            collected.append(Collected(source.name, "failed", error=str(busy), busy=True))
    return collected


def batches(
    warehouse: Warehouse, source: Collector, window: Window, now: datetime
) -> Generator[Batch, None, None]:
    """What ``source`` answers for ``window``, as of ``now``; what that costs is noted in the warehouse.

    To be closed where it is not read to its end: what a source holds while it answers is let go then.
    """
    if isinstance(source, PaidCollector):
        limit = StoredSpendLimit(warehouse, source.name, source.daily_budget, now)
        yield from source.collect_paid(window, now, limit)
    elif isinstance(source, DatedCollector):
        yield from source.collect_as_of(window, now)
    else:
        yield from source.collect(window)


def was_read(warehouse: Warehouse, source: str) -> bool:
    """Whether some of a source is stored."""
    if not warehouse.exists:
        return False
    with warehouse.read() as db:
        return bool(runs.bookmarks(db, source).watermarks)


@contextmanager
def _ledger(warehouse: Warehouse, folder: Path, source: str, dry_run: bool) -> Iterator[LedgerFiles]:
    """Where files go while nobody else reads the source. Raises BusyError."""
    if dry_run:
        with TemporaryDirectory(prefix="costwatch-") as aside:
            yield LedgerFiles(Path(aside))
    else:
        with warehouse.job_lock(f"collect-{source}"):
            LedgerFiles(folder).sweep()
            yield LedgerFiles(folder)


def _known(warehouse: Warehouse, files: LedgerFiles, source: str) -> tuple[Bookmarks, frozenset[date]]:
    """What was read of a source, and the billing periods it brought lines of.

    A ledger that lost a file gets it back by reading everything once more: then nothing was read.
    """
    if not warehouse.exists:
        return Bookmarks(), frozenset()
    with warehouse.read() as db:
        loads = newest_loads(db, [source])
        stored = files_of_source(db, source).union(*(load.files for load in loads))
        whole = all(files.path(digest).exists() for digest in stored)
        return runs.bookmarks(db, source) if whole else Bookmarks(), frozenset(load.period for load in loads)


class _Run:
    """One source's batches, as they come."""

    def __init__(self, stores: Stores, source: Collector, bookmarks: Bookmarks, now: datetime) -> None:
        self.stores, self.source, self.bookmarks, self.now = stores, source, bookmarks, now
        self.tables = tables_of(source)
        self.intakes: list[tuple[str, Intake]] = []
        self.errors: list[str] = []
        self.broken: set[str] = set()  # tables of which something is missing
        self.partial: dict[str, list[Batch]] = defaultdict(list)
        self.read_through: dict[str, datetime] = {}

    def read(self, window: Window | None, refusal: str) -> Collected:
        """Attempt it, and note in the warehouse how it went. ``refusal``: why it may not be read at all."""
        if window is None and not refusal and self._is_answered():
            return self._collected()
        starts = {table: self._due(table) for table in self.tables}
        asked = window or Window(min(starts.values(), default=_EVER), self.now)
        if refusal:
            self._fail(f"{self.source.name}: {refusal}", *self.tables)
        else:
            self._attempt(asked)
        collected = self._collected()
        if not self.stores.dry_run:
            # A window that begins later than what is due leaves a hole: the watermark must not pass it.
            self._record(collected, asked, [table for table in starts if asked.start <= starts[table]])
        return collected

    def _is_answered(self) -> bool:
        """Whether asking a paid source again would cost money for nothing new.

        An answer that a clock which was ahead has dated after now keeps it from nothing.
        """
        marks = [self.bookmarks.watermarks.get(table) for table in self.tables]
        return isinstance(self.source, PaidCollector) and all(
            mark is not None and mark <= self.now < mark + self.source.every for mark in marks
        )

    def _due(self, table: str) -> datetime:
        """From the table's watermark less the lookback, or from what is incomplete, or since ever.

        Of each SLO is known up to when it was read: what is due of them is not told by one instant.
        """
        if table == SLI or (mark := self.bookmarks.watermarks.get(table)) is None:
            return _EVER
        start = min(mark, self.now) - self.source.lookback
        return min(start, self.bookmarks.partial_since(table) or start)

    def _attempt(self, window: Window) -> None:
        """Read, and keep what goes wrong as text."""
        try:
            self._take_all(window)
        except Exception as error:  # a collector may be anyone's: none may keep the others from being read
            told = self._told(error)
            if told in self.errors:  # what kept one table from being read may end the others, too
                self.broken.update(self.tables)
            else:
                self._fail(told, *self.tables)

    def _told(self, error: Exception) -> str:
        if isinstance(error, CostwatchError):
            return str(error)
        _log.debug("source %s", self.source.name, exc_info=True)
        # Only the kind of error: a stranger's message may hold what must not be stored or shown.
        why = error.strerror if isinstance(error, OSError) else type(error).__name__
        return f"{self.source.name}: failed with {why}; -v shows where"

    def _take_all(self, window: Window) -> None:
        """Take every new batch; a refused one does not stop the others."""
        count = 0
        with closing(batches(self.stores.warehouse, self.source, window, self.now)) as found:
            for batch in found:
                count += 1
                try:
                    self._take(batch)
                except Exception as error:  # one batch may be damaged in a way that nobody foresaw
                    self._fail(self._told(error), batch.table)
                if batch.window and batch.table not in self.broken:
                    self.read_through[batch.table] = batch.window.end
        if count == 0:
            raise RefusedError(
                [f"{self.source.name}: the source answered with nothing at all; check its location"]
            )

    def _take(self, batch: Batch) -> None:
        take = taking(self.source, batch.table)
        key = runs.key_of(batch)
        if not batch.version:
            raise RefusedError(
                [f"{self.source.name}: table '{batch.table}': a batch has no version; correct its collector"]
            )
        whole = self.bookmarks.versions.get(key, "")  # the version that is stored whole
        is_partial = batch.version != whole and batch.is_partial
        if is_partial:
            self.partial[batch.table].append(batch)
        if batch.version != whole and not (is_partial and whole):
            intake = take(self.stores, batch)
            self.intakes.append((batch.table, intake))
            if intake.error:
                self._fail(intake.error, batch.table)
        elif not self.stores.dry_run and is_partial != (key in self.bookmarks.partial):
            # What is stored whole is not replaced by less: it stays, until there is a new whole answer.
            with self.stores.warehouse.write() as db:
                runs.mark_partial(db, self.source.name, batch, is_partial)

    def _fail(self, error: str, *tables: str) -> None:
        self.errors.append(error)
        self.broken.update(tables)

    def _collected(self) -> Collected:
        """The run in one line."""
        rows: dict[str, int] = defaultdict(int)
        for table, intake in self.intakes:
            rows[table] += intake.row_count
        line_count = rows.pop(BILL, 0)
        is_new = any(intake.is_new for _, intake in self.intakes)
        notes = [intake.note for _, intake in self.intakes if intake.note]
        return Collected(
            self.source.name,
            "failed" if self.errors else "loaded" if is_new else "unchanged",
            line_count,
            tuple(sorted({period for _, intake in self.intakes for period in intake.periods})),
            dict(rows),
            sum(map(len, self.partial.values())),
            "\n".join(self.errors),
            "\n".join([*notes, *(self._incomplete(table) for table in self.partial)]),
        )

    def _incomplete(self, table: str) -> str:
        starts = [batch.window.start for batch in self.partial[table] if batch.window]
        first = f", the first from {at_instant(min(starts))}" if starts else ""
        return (
            f"{self.source.name}: calls {len(self.partial[table])} of its answers for table '{table}' "
            f"incomplete{first}; they are read again by each run until they are whole"
        )

    def _record(self, collected: Collected, asked: Window, without_hole: Sequence[str]) -> None:
        with self.stores.warehouse.write() as db:
            runs.record_source(db, self.source.name, self.source.role, self.now)
            runs.record_run(
                db,
                self.source.name,
                self.now,
                collected.outcome,
                row_count=collected.row_count,
                partial_count=collected.partial_count,
                files=[name for _, intake in self.intakes for name in intake.files],
                error=collected.error,
            )
            for table in without_hole:
                # What came before the first error need not come again.
                whole = asked.end if table not in self.broken else self.read_through.get(table)
                if whole is not None:
                    whole = min(whole, asked.end)
                    runs.advance_watermark(db, self.source.name, table, whole, self.now)

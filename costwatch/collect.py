"""Step 1: sources into the ledger, window by window. It registers loads and publishes nothing."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from costwatch.errors import BusyError, CostwatchError, RefusedError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.register import register
from costwatch.model import Batch, Export, Load, Progress, Window, midnight, untold
from costwatch.plugins import Collector, PaidCollector
from costwatch.warehouse.bill import loads
from costwatch.warehouse.bill.spend import StoredSpendLimit
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.store import Warehouse

_log = logging.getLogger(__name__)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run brought of one source. ``error`` tells every reason, a line each."""

    source: str
    outcome: Literal["loaded", "unchanged", "failed"]
    line_count: int = 0
    periods: tuple[date, ...] = ()
    error: str = ""
    note: str = ""  # what went well, but not as it may have been meant
    busy: bool = False


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
    return [_one(warehouse, ledger_folder, source, now, window, dry_run, progress) for source in sources]


def batches(warehouse: Warehouse, source: Collector, window: Window, now: datetime) -> Iterator[Batch]:
    """What ``source`` answers for ``window``, as of ``now``; what that costs is noted in the warehouse."""
    if isinstance(source, PaidCollector):
        purse = StoredSpendLimit(warehouse, source.name, source.daily_budget, now)
        return source.collect_paid(window, now, purse)
    return source.collect(window)


def _one(
    warehouse: Warehouse,
    ledger_folder: Path,
    source: Collector,
    now: datetime,
    window: Window | None,
    dry_run: bool,
    progress: Progress,
) -> Collected:
    with ExitStack() as held:
        if dry_run:
            ledger_folder = Path(held.enter_context(TemporaryDirectory(prefix="costwatch-")))
        else:
            try:
                held.enter_context(warehouse.job_lock(f"collect-{source.name}"))
            except BusyError as busy:
                return Collected(source.name, "failed", error=str(busy), busy=True)
            LedgerFiles(ledger_folder).sweep()
        run = _Run(warehouse, LedgerFiles(ledger_folder), source.name, now, dry_run, progress)
        if window is None and run.is_answered(source):
            return run.collected()
        due = run.due(source)
        asked = window or due
        run.attempt(source, asked)
        collected = run.collected()
        if not dry_run:
            # A window that begins later than what is due leaves a hole: the watermark must not pass it.
            reached = run.reached(asked) if asked.start <= due.start else None
            _record(warehouse, source, collected, run.names, now, reached)
        return collected


class _Run:
    """One source's batches, as they come."""

    def __init__(
        self,
        warehouse: Warehouse,
        files: LedgerFiles,
        source: str,
        now: datetime,
        dry_run: bool,
        progress: Progress,
    ) -> None:
        self.warehouse, self.files, self.source = warehouse, files, source
        self.now, self.dry_run, self.progress = now, dry_run, progress
        self.loaded: list[Load] = []
        self.names: list[str] = []
        self.errors: list[str] = []
        self.notes: list[str] = []
        self.seen: dict[str, str] = {}
        self.held: set[date] = set()
        self.watermark: datetime | None = None
        self.read_through: datetime | None = None
        if warehouse.exists:
            with warehouse.read() as db:
                newest = loads.newest_loads(db, [source])
                self.held = {load.period for load in newest}
                held = [file for load in newest for file in load.files]
                # A ledger that lost a file gets it back by reading everything once more.
                if all(files.path(digest).exists() for digest in held):
                    self.seen = loads.versions(db, source)
                    self.watermark = loads.watermark(db, source)

    def is_answered(self, source: Collector) -> bool:
        """Whether asking a paid source again would cost money for nothing new."""
        return (
            isinstance(source, PaidCollector)
            and self.watermark is not None
            and self.now < self.watermark + source.every
        )

    def due(self, source: Collector) -> Window:
        """From the watermark less the lookback, or since ever."""
        start = _EVER if self.watermark is None else min(self.watermark, self.now) - source.lookback
        return Window(start, self.now)

    def reached(self, asked: Window) -> datetime | None:
        """Up to where ``asked`` has been read: what came before the first error need not come again."""
        if not self.errors:
            return asked.end
        return min(self.read_through, asked.end) if self.read_through else None

    def attempt(self, source: Collector, window: Window) -> None:
        """Read, and keep what goes wrong as text."""
        try:
            self._read(source, window)
        except CostwatchError as error:
            self.errors.append(str(error))
        except Exception as error:  # a collector may be anyone's: none may keep the others from being read
            _log.debug("source %s", source.name, exc_info=True)
            # Only the kind of error: a stranger's message may hold what must not be stored or shown.
            why = error.strerror if isinstance(error, OSError) else type(error).__name__
            self.errors.append(f"{self.source}: failed with {why}; -v shows where")

    def _read(self, source: Collector, window: Window) -> None:
        """Take every new batch; a refused one does not stop the others."""
        count = 0
        for batch in batches(self.warehouse, source, window, self.now):
            count += 1
            key = f"{batch.table} {to_int(batch.window.start.date())}" if batch.window else batch.table
            try:
                if self.seen.get(key) != batch.version:
                    self._take(batch, key)
            except CostwatchError as error:
                self.errors.append(str(error))
            if batch.window and not self.errors:
                self.read_through = batch.window.end
        if count == 0:
            self.errors.append(f"{self.source}: the source answered with nothing at all; check its location")

    def _take(self, batch: Batch, key: str) -> None:
        if batch.table != "bill":
            raise CostwatchError(
                f"{self.source}: delivers table '{batch.table}', but only a bill can be stored; "
                "correct its collector"
            )
        export = batch.read()
        if not isinstance(export, Export):
            raise CostwatchError(
                f"{self.source}: hands over its bill as record batches, not as an Export; "
                "correct its collector"
            )
        found = register(self.files, export, self.progress)
        if batch.window is not None:
            self._require_period(found, batch.window)
        self.names += [file.name for file in export.files]
        if batch.window is None and (gone := sorted(self.held - {load.period for load in found})):
            periods = ", ".join(map(str, gone))
            self.notes.append(
                f"{self.source}: nothing of the billing periods {periods} is there any more; "
                "what was published of them stays"
            )
        if self.dry_run:
            self.loaded += found
            return
        with self.warehouse.write() as db:
            new = [load for load in found if loads.record_load(db, self.source, load)]
            loads.record_version(db, self.source, key, batch.version)
        self.loaded += new

    def _require_period(self, found: Sequence[Load], window: Window) -> None:
        """A delivery of one billing period must not replace another one, nor this one by nothing."""
        month = f"{window.start:%Y-%m}"
        others = [load for load in found if not window.start <= midnight(load.period) < window.end]
        if others:
            raise RefusedError(
                [
                    f"{self.source}: the delivery of {month} holds {load.line_count} lines of the billing "
                    f"period {load.period}; deliver it again"
                    for load in others
                ]
            )
        if not found and window.start.date() in self.held:
            raise RefusedError(
                [f"{self.source}: the delivery of {month} holds no line, the one before did; deliver it"]
            )

    def collected(self) -> Collected:
        """The run in one line."""
        outcome: Literal["loaded", "unchanged", "failed"] = "loaded" if self.loaded else "unchanged"
        return Collected(
            self.source,
            "failed" if self.errors else outcome,
            sum(load.line_count for load in self.loaded),
            tuple(sorted({load.period for load in self.loaded})),
            "\n".join(self.errors),
            "\n".join(self.notes),
        )


def _record(
    warehouse: Warehouse,
    source: Collector,
    collected: Collected,
    names: Sequence[str],
    now: datetime,
    reached: datetime | None,
) -> None:
    with warehouse.write() as db:
        loads.record_source(db, source.name, source.role, now)
        loads.record_run(
            db,
            collected.source,
            now,
            collected.outcome,
            window_end=reached,
            line_count=collected.line_count,
            files=names,
            error=collected.error,
        )

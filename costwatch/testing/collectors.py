"""The suite for collectors."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from costwatch.errors import SourceError
from costwatch.model import Batch, Export, Window
from costwatch.plugins import Collector, DatedCollector, PaidCollector
from costwatch.slo.collecting import SLI, Reading, SloCollector
from costwatch.testing.settings import check_settings, require


class _Seen(NamedTuple):
    table: str
    window: Window | None
    version: str
    is_bill: bool


def check_collector(collector: Collector, window: Window, *, unreadable: Collector | None = None) -> None:
    """Whether ``collector``, whose source has data in ``window``, keeps the contract.

    Rows are held against the tables that it declares. Give a ``window`` that begins and ends inside a batch.

    unreadable: one whose source cannot be read; it must raise SourceError. One whose
    answer depends on the day, or costs money, is asked as of the end of ``window``.
    """
    check_settings(collector)
    names = ["bill", *(table.name for table in collector.tables)]
    require(len(set(names)) == len(names), "each of its tables has a name of its own, and none is 'bill'")
    require(collector.lookback >= timedelta(), "lookback is negative")
    now = window.end
    seen = list(_collected(collector, window, now))
    require(seen, "no batch: a source that answers yields at least one, so that silence is a failure")
    require(
        list(_collected(collector, window, now)) == seen,
        "asked twice, it answered with other batches or versions",
    )

    dated = [(batch, batch.window) for batch in seen if batch.window is not None]
    starts = [span.start for _, span in dated]
    require(starts == sorted(starts), "batches come oldest first")
    for place, (batch, span) in enumerate(dated):
        require(span.overlaps(window), f"{span} was not asked for")
        for other, other_span in dated[:place]:
            require(
                other.table != batch.table or not other_span.overlaps(span),
                f"two batches of '{batch.table}' overlap: the second would replace the first",
            )
    for batch, span in dated:
        if batch.is_bill:
            day = Window(span.start, min(span.end, span.start + timedelta(days=1)))
            require(
                batch in list(_collected(collector, day, now)),
                "asked for one day, a bill answers with the whole billing period",
            )
    of_grids = {
        batch.table: (batch, span) for batch, span in dated if not batch.is_bill and batch.table != SLI
    }
    for batch, span in of_grids.values():
        half = Window(span.start + (span.end - span.start) / 2, span.end)
        require(
            batch in list(_collected(collector, half, now)),
            f"asked for a part of a window of '{batch.table}', it answers with the whole one: windows that "
            "overlap in part cannot replace each other",
        )
    if isinstance(collector, PaidCollector):
        _check_paid(collector, window)
    if unreadable is not None:
        _check_unreadable(unreadable, window)


class _Limit:
    """A purse that holds ``payments`` payments, whatever they are."""

    def __init__(self, payments: int) -> None:
        self.payments = payments

    def pay(self, dollars: Decimal) -> None:
        require(dollars > 0, "what a request costs is more than nothing")
        if self.payments == 0:
            raise SourceError("purse: is empty; fill it")
        self.payments -= 1


def _collected(collector: Collector, window: Window, now: datetime) -> Iterator[_Seen]:
    if isinstance(collector, PaidCollector):
        asked = collector.collect_paid(window, now, _Limit(1000))
    elif isinstance(collector, DatedCollector):
        asked = collector.collect_as_of(window, now)
    else:
        asked = collector.collect(window)
    for batch in asked:
        require(batch.table, "a batch names its table")
        require(batch.version, "a batch has a version, by which it is known to be new")
        yield _Seen(batch.table, batch.window, batch.version, _check_content(collector, batch))


def _check_content(collector: Collector, batch: Batch) -> bool:
    """Whether it is of a bill."""
    content = batch.read()
    if isinstance(content, Export):
        require(batch.table == "bill", f"an Export is of table 'bill', not of '{batch.table}'")
        require(collector.role is not None, "a collector whose role is None brings no bill")
        names = [file.name for file in content.files]
        require(names, "an export has at least one file")
        require(len(set(names)) == len(names), "two files of an export have one name")
        for file in content.files:
            require(file.path.is_file(), f"{file.path} is not there to be read")
        return True
    if batch.table == SLI:
        require(isinstance(collector, SloCollector), "table 'sli' is brought by what has with_objectives")
        require(isinstance(content, Reading), "a batch of table 'sli' is read as a slo.collecting.Reading")
        return False
    table = next((table for table in collector.tables if table.name == batch.table), None)
    if table is None:
        raise AssertionError(f"table '{batch.table}' is not among its tables: declare it with its columns")
    require(batch.window and batch.window.start < batch.window.end, "rows come with the window they replace")
    for part in content:
        try:
            table.fitted(part)
        except ValueError as error:
            raise AssertionError(f"table '{table.name}': {error}") from None
    return False


def _check_paid(collector: PaidCollector, window: Window) -> None:
    require(
        collector.daily_budget >= 0 and collector.every >= timedelta(), "daily_budget or every is negative"
    )
    try:
        next(collector.collect_paid(window, window.end, _Limit(0)), None)
    except SourceError as error:
        require("purse: is empty" in str(error), f"what the purse says is lost: '{error}'")
    else:
        raise AssertionError("it answers without having paid: each request is paid before it is sent")


def _check_unreadable(collector: Collector, window: Window) -> None:
    try:
        list(_collected(collector, window, window.end))
    except SourceError as error:
        require(": " in str(error), f"an error reads 'where: what is wrong; what to do', not '{error}'")
    else:
        raise AssertionError("a source that cannot be read raises SourceError")

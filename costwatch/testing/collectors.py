"""The suite for collectors."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from costwatch.errors import SourceError
from costwatch.model import Batch, Export, Window
from costwatch.plugins import Collector
from costwatch.testing.settings import check_settings, require


class _Seen(NamedTuple):
    table: str
    window: Window | None
    version: str
    is_bill: bool


def check_collector(collector: Collector, window: Window, *, unreadable: Collector | None = None) -> None:
    """Whether ``collector``, whose source has data in ``window``, keeps the contract.

    unreadable: one whose source cannot be read; it must raise SourceError.
    """
    check_settings(collector)
    require(collector.lookback >= timedelta(), "lookback is negative")
    seen = list(_collected(collector, window))
    require(seen, "no batch: a source that answers yields at least one, so that silence is a failure")
    require(
        list(_collected(collector, window)) == seen, "asked twice, it answered with other batches or versions"
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
        if batch.is_bill:
            day = Window(span.start, min(span.end, span.start + timedelta(days=1)))
            require(
                batch in list(_collected(collector, day)),
                "asked for one day, a bill answers with the whole billing period",
            )
    if unreadable is not None:
        _check_unreadable(unreadable, window)


def _collected(collector: Collector, window: Window) -> Iterator[_Seen]:
    for batch in collector.collect(window):
        require(batch.table, "a batch names its table")
        require(batch.version, "a batch has a version, by which it is known to be new")
        yield _Seen(batch.table, batch.window, batch.version, _check_content(batch))


def _check_content(batch: Batch) -> bool:
    import pyarrow as pa

    content = batch.read()
    if isinstance(content, Export):
        names = [file.name for file in content.files]
        require(names, "an export has at least one file")
        require(len(set(names)) == len(names), "two files of an export have one name")
        for file in content.files:
            require(file.path.is_file(), f"{file.path} is not there to be read")
        return True
    schemas = set()
    for part in content:
        require(
            isinstance(part, pa.RecordBatch), f"read gives Arrow record batches, not {type(part).__name__}"
        )
        schemas.add(part.schema)
    require(len(schemas) <= 1, "the record batches of one table have one schema")
    return False


def _check_unreadable(collector: Collector, window: Window) -> None:
    try:
        list(_collected(collector, window))
    except SourceError as error:
        require(": " in str(error), f"an error reads 'where: what is wrong; what to do', not '{error}'")
    else:
        raise AssertionError("a source that cannot be read raises SourceError")

"""Arrow rows of a declared table: a window of a source is replaced whole, in one transaction."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from costwatch.errors import RefusedError
from costwatch.intake.batches import Intake, Stores
from costwatch.model import Batch, Export, Window
from costwatch.plugins import WINDOW_COLUMNS, Table
from costwatch.warehouse.intake import rows
from costwatch.warehouse.intake.runs import cut_batch, record_batch
from costwatch.warehouse.usage.summary import renew

if TYPE_CHECKING:
    import pyarrow as pa

Replace = Callable[[Any], None]  # in the transaction it is given


def take_rows(table: Table, stores: Stores, batch: Batch) -> Intake:
    """Store a batch where ``table`` says. Raises RefusedError for one that does not fit it."""
    if batch.window is None or batch.window.start == batch.window.end:
        raise _refused(stores, batch, "comes without a window, which it is to replace")
    content = batch.read()
    if isinstance(content, Export):
        raise _refused(stores, batch, "comes as files, not as record batches")
    written = _into_ledger if table.store == "ledger" else _into_memory
    # All of it before the transaction: other writers wait for that.
    row_count, replace = written(table, stores, batch.window, _fitted(table, stores, batch, content))
    if not stores.dry_run:
        with stores.warehouse.write() as db:
            if cut := cut_batch(db, stores.source, batch):
                raise _refused(stores, batch, f"{_span(batch.window)} would cut {_span(cut)}, stored before")
            rows.declare(db, stores.source, table)
            replace(db)
            renew(db, stores.source, table, batch.window)
            record_batch(db, stores.source, batch)
    return Intake(row_count, is_new=True)


def _fitted(
    table: Table, stores: Stores, batch: Batch, content: "Iterator[pa.RecordBatch]"
) -> "Iterator[pa.RecordBatch]":
    for part in content:
        try:
            yield table.fitted(part)
        except ValueError as error:
            raise _refused(stores, batch, str(error)) from None


def _into_memory(
    table: Table, stores: Stores, window: Window, parts: "Iterator[pa.RecordBatch]"
) -> tuple[int, Replace]:
    stored = [row for part in parts for row in rows.stored_rows(table, part.to_pydict())]
    return len(stored), partial(
        rows.replace_rows, source=stores.source, table=table, window=window, rows=stored
    )


def _into_ledger(
    table: Table, stores: Stores, window: Window, parts: "Iterator[pa.RecordBatch]"
) -> tuple[int, Replace]:
    import pyarrow as pa

    instant = pa.timestamp("us", "UTC")
    own = (pa.scalar(stores.source), pa.scalar(window.start, instant), pa.scalar(window.end, instant))
    named = zip(WINDOW_COLUMNS, own, strict=True)
    schema = pa.schema([*((name, value.type) for name, value in named), *table.schema()])
    row_count = 0

    def with_window() -> "Iterator[pa.RecordBatch]":
        nonlocal row_count
        for part in parts:
            row_count += part.num_rows
            columns = [*(pa.repeat(value, part.num_rows) for value in own), *part.columns]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    digest = stores.ledger.write(schema, with_window())
    return row_count, partial(
        rows.replace_file,
        source=stores.source,
        table=table,
        window=window,
        digest=digest,
        row_count=row_count,
    )


def _span(window: Window) -> str:
    return f"{window.start:%Y-%m-%d %H:%M:%S} to {window.end:%Y-%m-%d %H:%M:%S}"


def _refused(stores: Stores, batch: Batch, what: str) -> RefusedError:
    return RefusedError([f"{stores.source}: table '{batch.table}': {what}; correct its collector"])

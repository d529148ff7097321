"""What was collected of clusters, as files that another costwatch reads by kind ``usage_files``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from costwatch.allocation.batches import StoredBatches
from costwatch.errors import UsageError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Window
from costwatch.plugins import Table
from costwatch.warehouse.store import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


def export(
    warehouse: Warehouse,
    files: LedgerFiles,
    tables: Sequence[Table],
    window: Window,
    sources: Sequence[str],
    folder: Path,
) -> list[Path]:
    """Write a file for each table and day of ``window``, of these sources, or of all where none is named.

    Returns the files that are new or say something else than before; the others are left as they are, so that
    what copies a folder by time has little to do. The windows of ``tables`` are UTC days. Raises UsageError
    where nothing is there to be written.
    """
    batches = StoredBatches(warehouse, files)
    days = sorted(
        {
            each
            for table in tables
            for source, each in batches.versions(table.name, window)
            if source in sources or not sources
        },
        key=lambda each: each.start,
    )
    if not days:
        raise UsageError("export usage: nothing of these days and sources is held; run costwatch collect")
    written = []
    for day in days:
        for table in tables:
            path = folder / table.name / f"{day.start:%Y-%m-%d}.parquet"
            if _write(path, _rows(batches, table, day, sources)):
                written.append(path)
    return written


def _rows(batches: StoredBatches, table: Table, day: Window, sources: Sequence[str]) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    if not batches.versions(table.name, day):
        return table.schema().empty_table()
    rows = batches.rows(table.name, day)
    if sources:
        rows = rows.filter(pc.is_in(rows["source"], pa.array(sources)))
    return rows.select([*table.columns])


def _write(path: Path, rows: "pa.Table") -> bool:
    """Whether it was not there, or said something else. Nobody sees half a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = pa.BufferOutputStream()
    pq.write_table(rows, content)
    data = content.getvalue().to_pybytes()
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}")
    hidden.write_bytes(data)
    hidden.replace(path)
    return True

"""What was collected besides bills, for splits: from the warehouse or from the ledger, as its table says."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from costwatch.errors import CostwatchError, LedgerError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Window
from costwatch.warehouse.intake.reading import arrow_rows, arrow_schema, declared_table, versions_between
from costwatch.warehouse.intake.rows import ledger_files
from costwatch.warehouse.store import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


class StoredBatches:
    """``plugins.Batches`` of a warehouse and its ledger."""

    def __init__(self, warehouse: Warehouse, files: LedgerFiles) -> None:
        self._warehouse, self._files = warehouse, files

    def versions(self, table: str, window: Window) -> Mapping[tuple[str, Window], str]:
        """See ``plugins.Batches``."""
        with self._warehouse.read() as db:
            return versions_between(db, table, window)

    def rows(self, table: str, window: Window, columns: Collection[str] = ()) -> "pa.Table":
        """See ``plugins.Batches``. Raises CostwatchError for a table that was never collected."""
        import pyarrow as pa

        with self._warehouse.read() as db:
            known = declared_table(db, table)
            if known is None:
                raise CostwatchError(f"table {table}: none of it was collected; add a source that brings it")
            if columns:
                known = replace(
                    known, columns={name: of for name, of in known.columns.items() if name in columns}
                )
            if known.store == "warehouse":
                return arrow_rows(db, known, window)
            digests = ledger_files(db, table, window)
        schema = arrow_schema(known)
        return pa.concat_tables([schema.empty_table(), *(self._file(digest, schema) for digest in digests)])

    def _file(self, digest: str, schema: "pa.Schema") -> "pa.Table":
        import pyarrow.parquet as pq

        path = self._files.path(digest)
        try:
            return pq.ParquetFile(path).read(schema.names).cast(schema)
        except (OSError, ValueError) as error:  # what pyarrow raises is one of both
            raise LedgerError(f"{path}: {str(error).splitlines()[0][:200]}") from None

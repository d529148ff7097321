"""The door of the DuckDB engine: from ledger files to one table with lower-case column names."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from costwatch.errors import SourceError


def connect() -> Any:
    """An in-process engine. Instants without a zone are UTC."""
    con = ibis.duckdb.connect()
    con.raw_sql("SET TimeZone='UTC'")
    con.raw_sql("SET enable_progress_bar=false")
    return con


def of_one_schema(paths: Sequence[Path]) -> list[list[Path]]:
    """``paths`` in groups that have the same columns of the same types: the parts of a bill may differ.

    Raises SourceError for a file that cannot be read.
    """
    groups: dict[str, list[Path]] = {}
    for path in paths:
        try:
            schema = pq.read_schema(path)
        except (OSError, pa.ArrowInvalid) as error:
            reason = str(error).splitlines()[0][:200]
            raise SourceError(f"{path}: {reason}; delete it and collect again") from None
        groups.setdefault(str(list(zip(schema.names, schema.types, strict=True))), []).append(path)
    return list(groups.values())


def raw_lines(con: Any, paths: Sequence[Path], *, numbered: bool = False) -> ir.Table:
    """The rows of Parquet files of one schema, as they are.

    numbered: adds ``file_row_number`` (from 0), for pointing at a line.
    """
    table = con.read_parquet([str(path) for path in paths], file_row_number=numbered)
    return table.rename({name.lower(): name for name in table.columns if name != name.lower()})


def small_table(
    con: Any, name: str, rows: Iterable[Sequence[str | int | float]], columns: Mapping[str, pa.DataType]
) -> ir.Table:
    """A temporary table of rows of ours, for joining with lines; it replaces one of that name."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(column, kind) for column, kind in zip(values, columns.values(), strict=True)]
    return con.create_table(name, pa.table(arrays, names=list(columns)), temp=True, overwrite=True)


def compiled(con: Any, expression: ir.Table) -> str:
    """The expression as SQL whose columns have the types Ibis says (DuckDB widens the sum of integers)."""
    types = con.compiler.type_mapper
    columns = ", ".join(
        f'"{name}"::{types.to_string(kind)} AS "{name}"' for name, kind in expression.schema().items()
    )
    return f"SELECT {columns} FROM ({con.compile(expression)})"


def keep(con: Any, name: str, sql: str) -> None:
    """Store the answer of compiled SQL as a temporary table, which replaces one of that name."""
    con.raw_sql(f'CREATE OR REPLACE TEMPORARY TABLE "{name}" AS {sql}')


def fetch(con: Any, sql: str) -> pa.Table:
    """The answer of compiled SQL."""
    return con.con.sql(sql).to_arrow_table()

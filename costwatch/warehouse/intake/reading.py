"""What is stored of the tables that collectors declare, as it was handed over."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from costwatch.model import Window
from costwatch.plugins import WINDOW_COLUMNS, Table
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, from_text
from costwatch.warehouse.intake.runs import window_columns

if TYPE_CHECKING:
    import pyarrow as pa

_READ: Mapping[str, Callable[[Any], Any]] = {"decimal": Decimal, "instant": from_text, "day": from_int}
_BLOCK_ROWS = 10_000


def declared_table(db: sqlite3.Connection, name: str) -> Table | None:
    """The table of that name; None where nothing of it was ever stored."""
    row = db.execute("SELECT columns, store FROM declared_table WHERE name = ?", (name,)).fetchone()
    return Table(name, json.loads(row["columns"]), row["store"]) if row else None


def versions_between(db: sqlite3.Connection, table: str, window: Window) -> dict[tuple[str, Window], str]:
    """By source and window; empty while only an incomplete answer is stored."""
    found = queries.rows(db, "versions_between", {"table_name": table, **window_columns(window)})
    return {
        (row["source"], Window(from_text(row["window_start"]), from_text(row["window_end"]))): row["version"]
        for row in found
    }


def rows_between(db: sqlite3.Connection, table: Table, window: Window) -> Iterator[dict[str, list[Any]]]:
    """The columns of a table that lies in the warehouse, ``WINDOW_COLUMNS`` first, in blocks of rows.

    A month of a large cluster is 300,000 rows: all of them as objects of Python take 400 MB.
    """
    kinds = {"source": "text", "window_start": "instant", "window_end": "instant"} | dict(table.columns)
    names = ", ".join(f'"{name}"' for name in (*WINDOW_COLUMNS, *table.columns))
    rows = db.execute(queries.filled("rows_between", table=table.name, columns=names), window_columns(window))
    rows.row_factory = None  # tuples
    while block := rows.fetchmany(_BLOCK_ROWS):
        columns = zip(kinds.items(), zip(*block, strict=True), strict=True)
        yield {name: _decoded(kind, values) for (name, kind), values in columns}


def arrow_schema(table: Table) -> "pa.Schema":
    """The columns of a table as splits are given them, ``WINDOW_COLUMNS`` first."""
    import pyarrow as pa

    instant = pa.timestamp("us", "UTC")
    own = [("source", pa.string()), ("window_start", instant), ("window_end", instant)]
    return pa.schema([*own, *table.schema()])


def arrow_rows(db: sqlite3.Connection, table: Table, window: Window) -> "pa.Table":
    """``rows_between`` as one table."""
    import pyarrow as pa

    schema = arrow_schema(table)
    blocks = (pa.table(block, schema=schema) for block in rows_between(db, table, window))
    return pa.concat_tables([schema.empty_table(), *blocks])


def _decoded(kind: str, values: Sequence[Any]) -> list[Any]:
    """Each value once: there are few days and many rows of each."""
    if kind not in _READ:
        return [*values]
    known = {value: None if value is None else _READ[kind](value) for value in {*values}}
    return [known[value] for value in values]

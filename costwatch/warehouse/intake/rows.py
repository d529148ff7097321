"""Rows of tables that collectors declare: in the warehouse as ``x_<name>``, in the ledger as files."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from costwatch.errors import RefusedError
from costwatch.model import Window
from costwatch.plugins import WINDOW_COLUMNS, Table
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import to_int, to_text
from costwatch.warehouse.intake.runs import window_columns

Row = tuple[str | int | float | None, ...]
_TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "real": "REAL",
    "decimal": "TEXT",
    "instant": "TEXT",
    "day": "INTEGER",
}


def _plain(number: Decimal) -> str:
    """``1.5``, not ``1.500000000000000000``."""
    return f"{number:f}".rstrip("0").rstrip(".")


_STORED: Mapping[str, Callable[[Any], str | int]] = {"decimal": _plain, "instant": to_text, "day": to_int}


def stored_rows(table: Table, columns: Mapping[str, Sequence[Any]]) -> list[Row]:
    """The values of the declared columns as rows of the warehouse."""
    stored = []
    for name, kind in table.columns.items():
        change = _STORED.get(kind)
        values = columns[name]
        stored.append([None if value is None else change(value) for value in values] if change else values)
    return list(zip(*stored, strict=True))


def declare(db: sqlite3.Connection, source: str, table: Table) -> None:
    """Create the table where it is not there. Raises RefusedError where it is stored with other columns."""
    known = db.execute("SELECT columns, store FROM declared_table WHERE name = ?", (table.name,)).fetchone()
    if known is None:
        db.execute(
            "INSERT INTO declared_table (name, columns, store) VALUES (?, ?, ?)",
            (table.name, json.dumps(dict(table.columns)), table.store),
        )
        if table.store == "warehouse":
            _create(db, table)
    elif (json.loads(known["columns"]), known["store"]) != (dict(table.columns), table.store):
        raise RefusedError(
            [
                f"{source}: table '{table.name}' is stored with other columns or in another place "
                f"({known['store']}: {known['columns']}); its collector must give the new one another name"
            ]
        )


def _create(db: sqlite3.Connection, table: Table) -> None:
    own = [f"{column} TEXT NOT NULL" for column in WINDOW_COLUMNS]
    columns = [f'"{column}" {_TYPES[kind]}' for column, kind in table.columns.items()]
    db.execute(f'CREATE TABLE "x_{table.name}" ({", ".join([*own, *columns])}) STRICT')
    db.execute(
        f'CREATE INDEX "x_{table.name}_by_window" ON "x_{table.name}" (source, window_start, window_end)'
    )


def replace_rows(
    db: sqlite3.Connection, source: str, table: Table, window: Window, rows: Iterable[Row]
) -> None:
    """Have exactly ``rows`` of a source in ``window``."""
    place = {"source": source, **window_columns(window)}
    db.execute(queries.filled("forget_rows", table=f"x_{table.name}"), place)
    names = ", ".join(f'"{name}"' for name in (*WINDOW_COLUMNS, *table.columns))
    places = ", ".join("?" * (len(WINDOW_COLUMNS) + len(table.columns)))
    db.executemany(
        f'INSERT INTO "x_{table.name}" ({names}) VALUES ({places})',
        ((*place.values(), *row) for row in rows),
    )


def replace_file(
    db: sqlite3.Connection, source: str, table: Table, window: Window, digest: str, row_count: int
) -> None:
    """Have exactly one file of a source in ``window``; the older ones stay in the ledger, unread."""
    place = {"source": source, "table_name": table.name, **window_columns(window)}
    db.execute(queries.text("forget_ledger_batches"), place)
    db.execute(queries.text("record_ledger_batch"), {**place, "hash": digest, "row_count": row_count})


def ledger_files(db: sqlite3.Connection, table: str, window: Window) -> list[str]:
    """Digests of the files that hold rows of a declared table in windows that overlap ``window``.

    Each is Parquet with the columns ``source``, ``window_start``, ``window_end`` and the declared ones.
    """
    found = queries.rows(db, "ledger_files", {"table_name": table, **window_columns(window)})
    return [row["hash"] for row in found]


def files_of_source(db: sqlite3.Connection, source: str) -> set[str]:
    """Digests of all files that hold rows of a source."""
    return {row["hash"] for row in db.execute("SELECT hash FROM ledger_batch WHERE source = ?", (source,))}

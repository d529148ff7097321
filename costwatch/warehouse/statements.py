"""What is wrong with a statement that reads the warehouse, and its columns: found out without running it."""

import sqlite3
from contextlib import closing

from costwatch.errors import UsageError
from costwatch.warehouse.migrations import empty_copy


def columns_of(sql: str) -> tuple[str, ...] | None:
    """The columns that it answers; None where it reads what only some collector's table has.

    Raises UsageError for what is no one SELECT over our tables.
    """
    with closing(empty_copy()) as db:
        try:
            # A view is compiled and never run, and can be made of nothing but one question.
            db.execute(f"CREATE TEMP VIEW asked AS {sql}")
            return tuple(row[1] for row in db.execute("PRAGMA table_info(asked)"))
        except (sqlite3.Error, sqlite3.Warning) as error:
            if "no such table: x_" in str(error).replace("main.", ""):
                return None
            raise UsageError(_said(str(error))) from None


def _said(error: str) -> str:
    if "one statement" in error:
        return "only one statement at a time; write one SELECT"
    if "parameters are not allowed" in error:
        return "nothing fills parameters in; write the values"
    if "syntax error" in error:
        return f"{error}; write one SELECT"
    return f"{error}; `costwatch query` shows the tables: SELECT sql FROM sqlite_schema"

"""SQL of a user's own: it reads, for a while, up to a number of rows."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from costwatch.errors import UsageError

_LONGEST_VALUE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """``more``: there are rows beyond these."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool


def ask(db: sqlite3.Connection, sql: str, *, row_limit: int, timeout_seconds: float) -> SqlAnswer:
    """The first ``row_limit`` rows of one statement. Raises UsageError for what is not reading."""
    try:
        with _limited(db, timeout_seconds):
            cursor = db.execute(sql)
            columns = tuple(column[0] for column in cursor.description or ())
            rows = [tuple(row) for row in cursor.fetchmany(row_limit + 1)]
    except sqlite3.Error as error:
        raise UsageError(f"query: {_said(str(error), timeout_seconds)}") from error
    if not columns:
        raise UsageError("query: this is no question; write a SELECT")
    return SqlAnswer(columns, rows[:row_limit], len(rows) > row_limit)


@contextmanager
def _limited(db: sqlite3.Connection, timeout_seconds: float) -> Iterator[None]:
    """A statement that runs longer is interrupted; one that makes huge values fails."""
    deadline = time.monotonic() + timeout_seconds
    longest = db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE_BYTES)
    db.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    try:
        yield
    finally:
        db.set_progress_handler(None, 0)
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)


def _said(error: str, timeout_seconds: float) -> str:
    if "not authorized" in error or "prohibited" in error or "readonly" in error:
        return "the warehouse can only be read here, not changed or configured; write a SELECT"
    if error == "interrupted":
        return f"took longer than {timeout_seconds:g} s and was stopped; narrow it, for example by day"
    if "one statement" in error:
        return "only one statement at a time; write them one by one"
    return f"{error}; the tables are in: SELECT name FROM sqlite_schema"

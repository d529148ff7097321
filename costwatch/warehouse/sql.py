"""SQL of a user's own: it reads, for a while, up to a number of rows, in a process that can be ended."""

import json
import os
import selectors
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from costwatch.errors import UsageError
from costwatch.warehouse import sql_child

_MEMORY_BYTES = 256 << 20
_ANSWER_BYTES = 64_000_000
_START_SECONDS = 30.0  # on a busy machine
_GRACE = 1.15  # of its time: what does not look at the clock is ended from outside then


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """``more``: there are rows beyond these. published: period and instant of what the statement saw."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool
    published: tuple[tuple[int, str], ...] = ()


def ask(db: sqlite3.Connection, sql: str, *, row_limit: int, timeout_seconds: float) -> SqlAnswer:
    """The first ``row_limit`` rows of one statement over the file of ``db``, which a ``Warehouse`` opened.

    It sees the newest state of the file, in a transaction of its own. Raises UsageError for what is not
    reading, or takes too long or too much.
    """
    asked = {
        "path": f"{_path(db).absolute().as_uri()}?mode=ro",
        "sql": sql,
        "row_limit": row_limit,
        "byte_limit": _ANSWER_BYTES,
        "memory_bytes": _MEMORY_BYTES,
        "timeout_seconds": timeout_seconds,
    }
    columns: tuple[str, ...] = ()
    published: tuple[tuple[int, str], ...] = ()
    rows: list[tuple[Any, ...]] = []
    with _child(asked) as output:
        for text in _lines(output, timeout_seconds):
            told = json.loads(text)
            if isinstance(told, list):
                rows.append(
                    tuple(bytes.fromhex(cell["hex"]) if isinstance(cell, dict) else cell for cell in told)
                )
            elif "columns" in told:
                columns = tuple(told["columns"])
                published = tuple((period, known_at) for period, known_at in told["published"])
            elif "error" in told:
                raise _refused(told["error"], timeout_seconds)
            elif not columns:
                raise UsageError("query: this is no question; write a SELECT")
            else:
                return SqlAnswer(columns, rows, told["more"], published)
    raise _refused("out of memory", timeout_seconds)  # the system ended it


def _path(db: sqlite3.Connection) -> Path:
    path = getattr(db, "path", None)
    if not isinstance(path, Path):
        raise UsageError("query: this store is no file; open one by its path")
    return path


@contextmanager
def _child(asked: dict[str, Any]) -> Iterator[IO[bytes]]:
    """What a child prints that answers; it is gone at the end of the block."""
    program = [sys.executable, "-I", "-S", sql_child.__file__]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.DEVNULL,
    }
    with subprocess.Popen(program, **pipes) as child:  # noqa: S603 - our own program, by its path
        try:
            if child.stdin is None or child.stdout is None:
                raise UsageError("query: no process can be started; try again")
            with suppress(BrokenPipeError), child.stdin as question:  # it may be gone already
                question.write(json.dumps(asked).encode())
            yield child.stdout
        finally:
            child.kill()


def _lines(output: IO[bytes], timeout_seconds: float) -> Iterator[bytes]:
    """The lines of a child until it ends. Raises UsageError where it takes longer."""
    deadline, pieces = time.monotonic() + _START_SECONDS, []
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise _refused("interrupted", timeout_seconds)
            chunk = os.read(output.fileno(), 1 << 16)
            if not chunk:
                return
            first, *others = chunk.split(b"\n")
            pieces.append(first)
            for each in others:
                if line := b"".join(pieces):
                    yield line
                else:  # it begins
                    deadline = time.monotonic() + timeout_seconds * _GRACE
                pieces = [each]


def _refused(error: str, timeout_seconds: float) -> UsageError:
    return UsageError(f"query: {_said(error, timeout_seconds)}")


def _said(error: str, timeout_seconds: float) -> str:
    if "not authorized" in error or "prohibited" in error or "readonly" in error:
        return "the warehouse can only be read here, not changed or configured; write a SELECT"
    if error == "interrupted":
        return f"took longer than {timeout_seconds:g} s and was stopped; narrow it, for example by day"
    if "one statement" in error:
        return "only one statement at a time; write them one by one"
    if "out of memory" in error:
        return f"needs more than {_MEMORY_BYTES >> 20} MB of memory; sort, group or join less at a time"
    if "too big" in error:
        return (
            f"makes or reads a value of more than {sql_child.LONGEST_VALUE_BYTES >> 20} MB; take a part of it"
        )
    if error == "too many bytes":
        return f"answers more than {_ANSWER_BYTES // 10**6} MB; choose fewer rows or columns"
    return f"{error}; the tables are in: SELECT name FROM sqlite_schema"

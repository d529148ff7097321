"""A program of its own that answers one statement under limits that no statement can lift.

One function call of SQL can take hours and gigabytes, and nothing inside a process can end it. So it runs in
a child: its own address space and CPU time are bounded here, and whoever started it kills it in the end. It
knows the standard library alone, so that it starts in a moment.

Reads a JSON object from stdin: path, sql, row_limit, byte_limit, memory_bytes, timeout_seconds. Prints an
empty line once it begins, then JSON lines: the columns and what is published, each row, and how it ended.
"""

import json
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import ceil
from typing import Any

LONGEST_VALUE_BYTES = 1 << 20
CELL_BYTES = 50  # what a number, or a text but for its letters, takes
PUBLISHED = "SELECT period, known_at FROM published ORDER BY period"
_STEPS = 100  # of SQLite's machine, between two looks at the clock
_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}


def only_reading(action: int, *_: object) -> int:
    """An authorizer: no statement can write, attach or change a setting."""
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def main() -> None:
    """Answer the statement of stdin."""
    asked = json.load(sys.stdin)
    try:
        _confine(asked)
        _tell(_answer(asked))
    except MemoryError:
        _tell({"error": "out of memory"})
    except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:
        _tell({"error": str(error)})


def _confine(asked: Mapping[str, Any]) -> None:
    seconds = ceil(asked["timeout_seconds"] * 1.25) + 1
    for limit, most in (
        (resource.RLIMIT_AS, asked["memory_bytes"]),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(
            OSError, ValueError
        ):  # where a system has none, or a lower one, whoever started it kills
            resource.setrlimit(limit, (most, most))


def _answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    db = _opened(asked)
    published = db.execute(PUBLISHED).fetchall()
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE_BYTES)
    db.set_authorizer(only_reading)
    _tell()
    deadline = time.monotonic() + asked["timeout_seconds"]
    db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    cursor = db.execute(asked["sql"])
    _tell({"columns": [column[0] for column in cursor.description or ()], "published": published})
    left = asked["byte_limit"]
    for number, row in enumerate(cursor):
        if number == asked["row_limit"]:
            return {"more": True}
        left -= sum(CELL_BYTES + (len(cell) if isinstance(cell, str | bytes) else 0) for cell in row)
        if left < 0:
            return {"error": "too many bytes"}
        _tell([{"hex": cell.hex()} if isinstance(cell, bytes) else cell for cell in row])
    return {"more": False}


def _opened(asked: Mapping[str, Any]) -> sqlite3.Connection:
    db = sqlite3.connect(asked["path"], uri=True, isolation_level=None)
    for setting in (
        "query_only=1",
        "mmap_size=0",
        "temp_store=MEMORY",
        f"hard_heap_limit={asked['memory_bytes'] // 2}",
    ):
        db.execute(f"PRAGMA {setting}")
    db.execute("BEGIN")
    # Declared on first use, which only looks like writing: afterwards it would be refused.
    db.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')")
    return db


def _tell(what: object = None, write: Callable[[str], object] = sys.stdout.write) -> None:
    write("\n" if what is None else f"{json.dumps(what)}\n")
    if not isinstance(what, list):
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Named queries: every number on a page, in a report or in an alert comes from one of these files."""

import sqlite3
from collections.abc import Mapping
from functools import cache
from pathlib import Path

Value = str | int | float | None


@cache
def text(name: str) -> str:
    """The SQL of ``<name>.sql``."""
    return _read(f"{name}.sql")


def filled(name: str, **parts: str) -> str:
    """The SQL of ``<name>.sql.tpl`` with its ``{parts}``: identifiers of ours, never foreign text."""
    return _read(f"{name}.sql.tpl").format(**parts)


def rows(
    db: sqlite3.Connection, name: str, parameters: Mapping[str, Value] | None = None
) -> list[sqlite3.Row]:
    """All rows of the named query; ``parameters`` are bound, never spliced in."""
    return list(db.execute(text(name), parameters or {}))


@cache
def _read(file: str) -> str:
    return Path(__file__).with_name(file).read_text(encoding="utf-8")

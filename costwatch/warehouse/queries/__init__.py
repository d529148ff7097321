"""Named queries: every number on a page, in a report or in an alert comes from one of these files."""

import sqlite3
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

Value = str | int | float | None


@cache
def text(name: str) -> str:
    """The SQL of ``<name>.sql``."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def rows(
    db: sqlite3.Connection, name: str, parameters: Mapping[str, Value] | None = None
) -> list[sqlite3.Row]:
    """All rows of the named query; ``parameters`` are bound, never spliced in."""
    return list(db.execute(text(name), parameters or {}))

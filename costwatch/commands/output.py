"""How commands print: tables for people, JSON for programs. Text from a bill cannot steer a terminal."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import click

_complaints: ContextVar[list[str]] = ContextVar("complaints")


def line(text: str, *, err: bool = False) -> None:
    """One line, with whatever does not show made visible."""
    from costwatch.wording import printable

    click.echo(printable(text), err=err)


def complain(message: str) -> None:
    """What went wrong, to stderr, a line for each of its lines."""
    for each in message.splitlines():
        line(f"costwatch: {each}", err=True)
        if (found := _complaints.get(None)) is not None:
            found.append(each)


@contextmanager
def complaints() -> Iterator[list[str]]:
    """What is complained of inside, as lines, beside being told as always."""
    found: list[str] = []
    token = _complaints.set(found)
    try:
        yield found
    finally:
        _complaints.reset(token)


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], right: Collection[str] = ()
) -> None:
    """Rows under their columns, aligned; those named in ``right`` to the right.

    None is shown as nothing, an instant (UTC) as everywhere.
    """
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
    for row in (columns, *texts):
        cells = [
            text.rjust(width) if name in right else text.ljust(width)
            for text, width, name in zip(row, widths, columns, strict=True)
        ]
        text = "  ".join(cells).rstrip()
        click.echo(click.style(text, bold=True) if row is columns else text)


def _text(cell: object) -> str:
    from costwatch.wording import at_instant, printable

    if cell is None:
        return ""
    return at_instant(cell) if isinstance(cell, datetime) else printable(str(cell))


def print_json(value: Any) -> None:
    """The value as JSON, in ASCII."""
    import json

    # A BLOB of a query is the one thing that JSON has no word for.
    click.echo(json.dumps(value, indent=2, default=lambda blob: blob.hex()))

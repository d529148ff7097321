"""The lines behind ``resources``: as the file that answers for a published period, or asked themselves."""

from functools import partial
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from costwatch.allocation.charges import PublishedLines, owned
from costwatch.ledger.engines.duckdb import compiled, connect, fetch, keep, stored, write
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.resource_file import KEYS, ROWS_OF_A_PART, SORTED_BY, SUMS, ResourceSum
from costwatch.scratch import temporary_files


@temporary_files()
def keep_file(bill: PublishedLines, files: LedgerFiles, name: str) -> None:
    """Derive the period's file. Raises SourceError where it cannot be stored, LedgerError."""
    files.derive(name, partial(_write, bill))


@temporary_files()
def read_lines(bill: PublishedLines, team: str, service: str, first: int, after: int) -> list[ResourceSum]:
    """As ``resource_file.resource_sums``, of the ledger's own files. Raises SourceError, LedgerError."""
    con = connect()
    try:
        lines = _lines(con, bill)
        mine = lines.filter(
            lines.x_Team == team, lines.ServiceName == service, lines.day >= first, lines.day < after
        )
        answer = fetch(con, compiled(_summed(mine, KEYS)))
    finally:
        con.disconnect()
    return [ResourceSum(**row) for row in answer.to_pylist()]


def _write(bill: PublishedLines, target: Path) -> None:
    con = connect()
    try:
        lines = _lines(con, bill)
        # Summed and sorted one after the other: at once they would share the memory there is, and spill.
        keep(con, "by_day", compiled(_summed(lines, (*SORTED_BY, "day", *KEYS))))
        days = stored(con, "by_day")
        write(con, compiled(days.order_by(*SORTED_BY)), target, ROWS_OF_A_PART)
    finally:
        con.disconnect()


def _lines(con: Any, bill: PublishedLines) -> ir.Table:
    lines = owned(con, bill)
    return lines.select(
        x_Team=lines.team,
        ServiceName=lines.ServiceName.fill_null(""),
        day=lines.day.cast("int32"),
        **{key: lines[key].fill_null("") for key in KEYS},
        **{name: lines[name] for name in SUMS[:-1]},
    )


def _summed(lines: ir.Table, by: tuple[str, ...]) -> ir.Table:
    *costs, count = SUMS
    return lines.group_by(*by).agg(**{name: lines[name].sum() for name in costs}, **{count: lines.count()})

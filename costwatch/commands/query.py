"""``costwatch query``: the warehouse for people who know SQL."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, json_option
from costwatch.commands.output import complain, print_json, print_table
from costwatch.errors import UsageError


@click.command("query", cls=Command)
@click.argument("sql")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="CSV, for spreadsheets.")
@click.option("--limit", type=click.IntRange(1), default=10_000, show_default=True, help="Rows at most.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=30.0, help="Seconds at most [30]."
)
@pass_context
def command(context: Context, sql: str, as_json: bool, as_csv: bool, limit: int, timeout: float) -> None:
    """Ask the warehouse in SQL, read-only.

    The view `cost` has day (UTC), x_Team, the FOCUS columns (ServiceName, SubAccountId, RegionId,
    BillingCurrency and more), BilledCost and EffectiveCost. Exact answers sum the ...Nano columns and
    divide by 1e9 last. Nothing can be changed from here.

    \b
    Example: costwatch query "SELECT x_Team, SUM(EffectiveCostNano) / 1e9 AS EffectiveCost
                              FROM cost WHERE day >= '2026-11-01' GROUP BY x_Team"
    """
    if as_json and as_csv:
        raise UsageError("query: --json and --csv exclude each other; choose one")
    from costwatch.warehouse.sql import ask

    with context.warehouse.read() as db:
        answer = ask(db, sql, row_limit=limit, timeout_seconds=timeout)
    if as_json:
        _print_json(answer.columns, answer.rows)
    elif as_csv:
        _print_csv(answer.columns, answer.rows)
    else:
        numbers = {
            name
            for name, *cells in zip(answer.columns, *answer.rows, strict=True)
            if all(isinstance(cell, int | float | None) for cell in cells)
        }
        print_table(answer.columns, answer.rows, right=numbers)
    if answer.more:
        complain(f"query: there are more than the {limit} rows shown; raise --limit or narrow the question")


def _print_json(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"query: two columns are named '{twice}'; tell them apart with AS")
    print_json([dict(zip(columns, row, strict=True)) for row in rows])


def _print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Every character as it is, unless a terminal would obey it."""
    from costwatch.csv_text import csv_text
    from costwatch.wording import printable

    shown = printable if sys.stdout.isatty() else str
    texts = [
        [shown(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in row]
        for row in rows
    ]
    sys.stdout.write(csv_text(columns, texts))

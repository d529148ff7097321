"""Which values and tag keys the lines of a bill have: what a filter or ``--by`` may name."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from costwatch.allocation.charges import PublishedLines, bills, delivered, tag_keys
from costwatch.cost.line_labels import column, keyed
from costwatch.ledger.engines.duckdb import compiled, connect, fetch
from costwatch.ledger.files import LedgerFiles
from costwatch.scratch import temporary_files
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class LineValues:
    """values: label -> all that lines of the days have, '' where it has none. tag_keys: as written."""

    values: dict[str, set[str]]
    tag_keys: set[str]


@temporary_files()
def line_values(
    warehouse: Warehouse, files: LedgerFiles, first: date, after: date, labels: Collection[str]
) -> LineValues:
    """What lines of the days ``first`` up to ``after`` have, by ``labels`` that only lines know.

    tag_keys: of the billing periods that hold these days. Raises SourceError for a ledger file that is gone.
    """
    published = bills(warehouse, files, first, after)
    con = connect()
    try:
        parts = [
            _labelled(delivered(con, bill, _entries(labels)), first, after, labels) for bill in published
        ]
        found = fetch(con, compiled(ibis.union(*parts, distinct=True))) if parts else None
        keys = {key for bill in published for key in _tag_keys(con, bill, labels)}
    finally:
        con.disconnect()
    return LineValues(
        {name: set(found[name].unique().to_pylist()) if found is not None else set() for name in labels}, keys
    )


def _entries(labels: Collection[str]) -> list[tuple[str, str]]:
    return [of for name in labels if (of := keyed(name))]


def _labelled(lines: ir.Table, first: date, after: date, labels: Collection[str]) -> ir.Table:
    mine = lines.filter(lines.day >= to_int(first), lines.day < to_int(after))
    columns = {name: mine[name if keyed(name) else column(name)].fill_null("") for name in labels}
    return mine.select(**columns).distinct()


def _tag_keys(con: object, bill: PublishedLines, labels: Collection[str]) -> set[str]:
    is_asked = any(kind == "tag" for kind, _ in _entries(labels))
    return tag_keys(con, bill) if is_asked else set()

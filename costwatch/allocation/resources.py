"""Which resources a team's cost of one service comes from, read from the lines of the bill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from costwatch.allocation.charges import PublishedLines, bills, owned, passed_on
from costwatch.ledger.engines.duckdb import compiled, connect, fetch
from costwatch.ledger.files import LedgerFiles
from costwatch.model import DIMENSIONS
from costwatch.scratch import temporary_files
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.facts.cost import Cost, cost
from costwatch.warehouse.store import Warehouse

_KEYS = ("ResourceId", "SubAccountId", "RegionId", "BillingCurrency")
_TOLD_BY = ("usage_type", "service")


@dataclass(frozen=True, slots=True)
class Resource:
    """What one resource cost; ``x_Pool`` instead of it for what a pool passed on, which no line shows."""

    ResourceId: str
    SubAccountId: str
    RegionId: str
    BillingCurrency: str
    x_Pool: str
    BilledCostNano: int
    EffectiveCostNano: int
    line_count: int


@temporary_files()
def resources(
    warehouse: Warehouse, files: LedgerFiles, team: str, service: str, first: date, after: date
) -> list[Resource]:
    """Cost of the days ``first`` up to ``after`` by resource, largest EffectiveCost first.

    The sum is what ``warehouse.cost`` says of the same team, service and days. Raises SourceError for a
    ledger file that is not there any more.
    """
    held = _held(warehouse, team, service, first, after)
    if not any(held.values()):
        return []
    found: list[Resource] = []
    published = bills(warehouse, files, first, after)
    con = connect()
    try:
        lines = [_chosen(owned(con, bill), team, held, first, after) for bill in published]
        if lines:
            mine = ibis.union(*lines, distinct=False)
            sums = mine.group_by(_KEYS).agg(
                BilledCostNano=mine.BilledCostNano.sum(),
                EffectiveCostNano=mine.EffectiveCostNano.sum(),
                line_count=mine.count(),
            )
            rows = fetch(con, compiled(sums)).to_pylist()
            found = [Resource(**row, x_Pool="") for row in rows]
    finally:
        con.disconnect()
    found += _passed_on(warehouse, published, team, service, first, after)
    return sorted(
        found, key=lambda each: (each.BillingCurrency, -abs(each.EffectiveCostNano), each.ResourceId)
    )


def _held(warehouse: Warehouse, team: str, service: str, first: date, after: date) -> dict[str, list[str]]:
    """The values that the published cost has in columns that lines are told by; nothing without cost."""
    with warehouse.read() as db:
        rows = cost(db, first, after, _TOLD_BY, {"team": [team], "service": [service]})
    return {DIMENSIONS[name]: sorted({row.labels[name] for row in rows}) for name in _TOLD_BY}


def _chosen(
    lines: ir.Table, team: str, held: Mapping[str, Sequence[str]], first: date, after: date
) -> ir.Table:
    """The service alone would do; its usage types spare looking into the tags of most other lines."""
    mine = lines.filter(
        *(lines[column].fill_null("").isin(known) for column, known in held.items()),
        lines.team == team,
        lines.day >= to_int(first),
        lines.day < to_int(after),
    )
    keys = {key: mine[key].fill_null("") for key in _KEYS}
    return mine.select(**keys, BilledCostNano=mine.BilledCostNano, EffectiveCostNano=mine.EffectiveCostNano)


def _passed_on(
    warehouse: Warehouse,
    published: Sequence[PublishedLines],
    team: str,
    service: str,
    first: date,
    after: date,
) -> list[Resource]:
    sums: dict[tuple[str, ...], Cost] = {}
    for row in passed_on(
        warehouse, published, first, after, ("account", "region"), {"team": [team], "service": [service]}
    ):
        key = tuple(row.labels.values())
        sums[key] = sums[key] + row if key in sums else row
    return [
        Resource(
            "",
            row.labels["account"],
            row.labels["region"],
            row.labels["currency"],
            row.labels["pool"],
            row.BilledCostNano,
            row.EffectiveCostNano,
            row.line_count,
        )
        for row in sums.values()
    ]

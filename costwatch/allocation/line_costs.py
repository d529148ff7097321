"""Cost by what only the lines of the bill know: invoices, commitments, tags and cost categories."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.allocation.charges import PublishedLines, bills, delivered, owned, passed_on
from costwatch.cost.line_labels import column, is_of_lines, keyed
from costwatch.errors import CostwatchError, UsageError
from costwatch.ledger.engines.duckdb import compiled, connect, fetch
from costwatch.ledger.files import LedgerFiles
from costwatch.model import KINDS_BEFORE_CREDITS, charge_kind, tag_key
from costwatch.money import units
from costwatch.scratch import temporary_files
from costwatch.warehouse.encoding import from_int, to_int
from costwatch.warehouse.facts.cost import Cost, cost
from costwatch.warehouse.store import Warehouse
from costwatch.wording import digits

# Whose a charge is, and not what stands in its line: of what pools pass on, no line says so.
_OF_OWNERS = ("team", "pool")
_ABOVE = ("parent", "cost_center")
_KIND = ("ChargeCategory", "ChargeClass")
_COLUMNS = {"pool": "x_Pool", "source": "source", "team": "team"}
_Key = tuple[tuple[str, ...], date | None]


@dataclass(frozen=True, slots=True)
class LineCosts:
    """Cost by labels, and the same without credits and refunds; a row that is nothing then is left out."""

    rows: list[Cost]
    before_credits: list[Cost]


@temporary_files()
def line_costs(
    warehouse: Warehouse,
    files: LedgerFiles,
    first: date,
    after: date,
    by: Sequence[str],
    where: Mapping[str, Collection[str]],
    *,
    per_day: bool = False,
) -> LineCosts:
    """As ``warehouse.facts.cost``, by labels of lines too: ``invoice``, ``commitment``, ``tag:<key>``, ….

    The sum is what ``cost`` says of these days. By team or pool, what a pool passed on has no line: its
    labels are ``(pool <name>)`` then, which no filter finds. Raises UsageError for teams above teams,
    SourceError for a ledger file that is gone, CostwatchError where the sum is another one.
    """
    if above := [name for name in (*by, *where) if name in _ABOVE]:
        raise UsageError(
            f"--{above[0].replace('_', '-')}: lines are asked by the team that carries them; "
            "use --by team or --team beside invoice, commitment, tag: and cost_category:"
        )
    if told := [name for name in (*by, *where) if not is_of_lines(name) and tag_key(name)]:
        raise UsageError(
            f"--by {told[0]}: splits told it, and no line knows it; leave out invoice, commitment, tag: and "
            "cost_category: beside it"
        )
    grouped = tuple(dict.fromkeys((*by, "currency")))
    published = bills(warehouse, files, first, after)
    found = [*_of_lines(published, first, after, grouped, where, per_day=per_day)]
    of_lines = [name for name in where if is_of_lines(name)]
    if not of_lines and {*_OF_OWNERS} & {*by, *where}:
        known = tuple(name for name in grouped if not is_of_lines(name))
        for row in passed_on(
            warehouse, published, first, after, (*known, "charge_kind"), where, per_day=per_day
        ):
            pool = {name: f"(pool {row.labels['pool']})" for name in grouped if is_of_lines(name)}
            found.append(replace(row, labels={**row.labels, **pool}))
    if not of_lines:
        _require_all(warehouse, found, first, after, where)
    before = [row for row in found if row.labels["charge_kind"] in KINDS_BEFORE_CREDITS]
    return LineCosts(_summed(found, grouped), _summed(before, grouped))


def _of_lines(
    published: Sequence[PublishedLines],
    first: date,
    after: date,
    grouped: Sequence[str],
    where: Mapping[str, Collection[str]],
    *,
    per_day: bool,
) -> Iterator[Cost]:
    """What the lines say, by ``grouped`` and ``charge_kind``."""
    asked = {name for name in (*grouped, *where) if name != "charge_kind"}
    read = owned if {*_OF_OWNERS} & asked else delivered
    con = connect()
    try:
        parts = [
            _chosen(
                read(con, bill, [of for name in sorted(asked) if (of := keyed(name))]), asked, first, after
            )
            for bill in published
        ]
        if not parts:
            return
        lines = ibis.union(*parts, distinct=False)
        chosen = [lines[name].isin(list(values)) for name, values in where.items() if name in asked]
        lines = lines.filter(*chosen) if chosen else lines
        keys = [name for name in grouped if name != "charge_kind"] + [*_KIND] + (["day"] if per_day else [])
        sums = lines.group_by(keys).agg(
            **{
                "billed nano": lines.billed.sum(),
                "effective nano": lines.effective.sum(),
                "lines": lines.count(),
            }
        )
        rows = fetch(con, compiled(sums)).to_pylist()
    finally:
        con.disconnect()
    for row in rows:
        kind = charge_kind(*(row[name] for name in _KIND))
        if kind in where.get("charge_kind", (kind,)):
            told = {name: row[name] for name in grouped if name != "charge_kind"}
            day = from_int(row["day"]) if per_day else None
            sums_of = (int(row[name]) for name in ("billed nano", "effective nano", "lines"))
            yield Cost({**told, "charge_kind": kind}, day, *sums_of)


def _chosen(lines: ir.Table, asked: Iterable[str], first: date, after: date) -> ir.Table:
    """The days' lines by their labels, and what tells their kind."""
    mine = lines.filter(lines.day >= to_int(first), lines.day < to_int(after))
    labels = {name: _label(mine, name) for name in sorted(asked)}
    kind = {name: mine[name].fill_null("") for name in _KIND}
    return mine.select(
        **labels, **kind, day=mine.day, billed=mine.BilledCostNano, effective=mine.EffectiveCostNano
    )


def _label(lines: ir.Table, name: str) -> ir.StringValue:
    if name == "billing_period":
        return lines.BillingPeriodStart.strftime("%Y-%m-%d")
    if keyed(name):
        return lines[name].fill_null("")
    return lines[_COLUMNS.get(name, column(name))].fill_null("")


def _require_all(
    warehouse: Warehouse,
    found: Sequence[Cost],
    first: date,
    after: date,
    where: Mapping[str, Collection[str]],
) -> None:
    """Lines and what was published of them are one bill."""
    with warehouse.read() as db:
        known = {row.labels["currency"]: row for row in cost(db, first, after, (), where)}
    told = {row.labels["currency"]: row for row in _summed(map(_of_all_days, found), ("currency",))}
    for currency in sorted({*known, *told}):
        nothing = Cost({"currency": currency}, None, 0, 0, 0)
        of_lines, stored = told.get(currency, nothing), known.get(currency, nothing)
        if of_lines != stored:
            lines, published = (digits(units(each.BilledCostNano)) for each in (of_lines, stored))
            raise CostwatchError(
                f"cost show: the lines come to {lines} {currency} billed, what is published of them to "
                f"{published}; run it again, and if it stays so: costwatch cost verify"
            )


def _of_all_days(row: Cost) -> Cost:
    return replace(row, day=None)


def _summed(rows: Iterable[Cost], grouped: Sequence[str]) -> list[Cost]:
    """By ``grouped`` and day, ascending as ``cost`` has it."""
    sums: dict[_Key, Any] = defaultdict(lambda: None)
    for row in rows:
        key = tuple(row.labels[name] for name in grouped), row.day
        named = replace(row, labels=dict(zip(grouped, key[0], strict=True)))
        sums[key] = named if sums[key] is None else sums[key] + named
    return [sums[key] for key in sorted(sums, key=lambda key: (key[0], key[1] or date.min))]

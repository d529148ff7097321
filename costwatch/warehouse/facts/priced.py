"""What explains cost: how much of what it was paid for, and what that costs before any commitment."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from costwatch.model import PRICING_UNIT
from costwatch.money import NANO
from costwatch.proof.priced import PRICED
from costwatch.warehouse import queries
from costwatch.warehouse.bill.sums import SUMMED, sums, sums_of
from costwatch.warehouse.encoding import from_int, to_int
from costwatch.warehouse.facts.cost import instant_of, require_known
from costwatch.warehouse.facts.cost_tables import FACTS, CostTable, Question

_UNIT = "s.PricingUnit"
_UNIT_THEN = "CASE WHEN c.is_priced THEN s.PricingUnit ELSE '' END"


@dataclass(frozen=True, slots=True)
class PricedCost:
    """The sum of one combination of labels (always with ``currency`` and ``unit``), of a day where asked so.

    PricingQuantityNano: nano-units of the PricingUnit ``unit``, never summed over several; where that is
    empty, there is none. ContractedCostNano: of the lines that say it. Both are None where no line does, and
    where a period was published before they were kept, until ``allocate --from --to`` publishes it anew. A
    team's part of what a pool splits has its part of them, so that teams add up to what the bill says.
    uncontracted_line_count: of the lines, those of facts whose ContractedCost is unknown.
    """

    labels: Mapping[str, str]
    day: date | None
    PricingQuantityNano: int | None
    ContractedCostNano: int | None
    BilledCostNano: int
    EffectiveCostNano: int
    line_count: int
    uncontracted_line_count: int


def priced_cost(
    db: sqlite3.Connection,
    first: date,
    after: date,
    by: Sequence[str] = (),
    where: Mapping[str, Collection[str]] | None = None,
    *,
    per_day: bool = False,
    as_of: datetime | None = None,
) -> list[PricedCost]:
    """What explains the cost of the days ``first`` up to, not including, ``after``.

    by, where, as_of: as ``cost.cost`` has them; ``unit`` is a label, too. Ascending by labels, then day.
    Raises UsageError for an unknown label.
    """
    where = where or {}
    require_known(db, [name for name in (*by, *where) if name != PRICING_UNIT])
    grouped = tuple(dict.fromkeys((*by, "currency", PRICING_UNIT)))
    unit = _UNIT if as_of is None else _UNIT_THEN
    question = Question(grouped, where, per_day, as_of)
    sql = queries.filled(
        "priced_by_slice" if as_of is None else "priced_as_of",
        **question.parts(CostTable(FACTS.name, {**FACTS.columns, PRICING_UNIT: unit})),
        sums=sums("c.", of=(*SUMMED, *PRICED)),
        joins=question.above(FACTS),
    )
    asked = {**question.parameters, **instant_of(as_of), "first": to_int(first), "after": to_int(after)}
    found = [_priced_cost(row, grouped, per_day=per_day) for row in db.execute(sql, asked)]
    # What became known later is there as itself less itself.
    return [row for row in found if as_of is None or _is_something(row)]


def _priced_cost(row: sqlite3.Row, grouped: Sequence[str], *, per_day: bool) -> PricedCost:
    whole, rest, contracted = sums_of(row, PRICED).values()
    billed, effective, lines = (found or 0 for found in sums_of(row, SUMMED).values())
    return PricedCost(
        {name: row[name] for name in grouped},
        from_int(row["day"]) if per_day else None,
        None if whole is None or rest is None else whole * NANO + rest,
        contracted,
        billed,
        effective,
        lines,
        row["uncontracted"],
    )


def _is_something(row: PricedCost) -> bool:
    sums = (row.PricingQuantityNano, row.ContractedCostNano, row.BilledCostNano, row.EffectiveCostNano)
    return any(sums) or row.line_count != 0

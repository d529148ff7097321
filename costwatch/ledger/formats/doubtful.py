"""What of a FOCUS bill is against the specification, so that a number may be wrong by it.

``told`` are the columns of the contract.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats.prepaid import is_bought_twice
from costwatch.ledger.nano import nano
from costwatch.model import CHARGE_CATEGORIES, Amounts, LoadFinding, LoadFindingKind
from costwatch.money import exact, units
from costwatch.wording import shortened


def doubtful(raw: ir.Table, told: Mapping[str, ir.Value]) -> ir.Table:
    """Lines that something is odd about, by ``period``, currency and ``kind``.

    category: the first by name of those that FOCUS does not have; category_count: how many there are.
    """
    category = told["ChargeCategory"]
    kind = ibis.cases(
        (is_bought_twice(raw, told).fill_null(False), LoadFindingKind.PURCHASE.value),
        (category.notin(CHARGE_CATEGORIES), LoadFindingKind.CATEGORY.value),
        else_="",
    )
    lines = raw.select(
        period=told["BillingPeriodStart"].date(),
        currency=told["BillingCurrency"],
        kind=kind,
        category=category,
        billed=told["BilledCost"],
        effective=told["EffectiveCost"],
    )
    odd = lines.filter(lines.kind != "")
    return odd.group_by("period", "currency", "kind").agg(
        billed_nano=nano(odd.billed).sum(),
        effective_nano=nano(odd.effective).sum(),
        line_count=odd.count(),
        category=odd.category.min(),
        category_count=odd.category.nunique(),
    )


def findings(evidence: Sequence[Mapping[str, Any]]) -> Iterator[LoadFinding]:
    """One for each currency and kind, from rows of ``doubtful``."""
    found: dict[tuple[LoadFindingKind, str], list[Mapping[str, Any]]] = {}
    for row in evidence:
        found.setdefault((LoadFindingKind(row["kind"]), row["currency"] or ""), []).append(row)
    for (kind, currency), rows in sorted(found.items()):
        amounts = sum(
            (Amounts(int(row["billed_nano"]), int(row["effective_nano"]), row["line_count"]) for row in rows),
            Amounts(),
        )
        bought = kind is LoadFindingKind.PURCHASE
        text = _bought_twice(amounts, currency) if bought else _uncategorised(amounts, currency, rows)
        yield LoadFinding(kind, text, currency, amounts)


def _bought_twice(amounts: Amounts, currency: str) -> str:
    count = amounts.line_count
    lines = f"{count:,} Purchases of commitments have" if count > 1 else "1 Purchase of a commitment has"
    money = exact(units(amounts.EffectiveCostNano), currency)
    return (
        f"{lines} an EffectiveCost, {money} in all, which FOCUS sets to 0: it counts beside the usage "
        "that it is spread over; ask who made the export to correct it"
    )


def _uncategorised(amounts: Amounts, currency: str, rows: Sequence[Mapping[str, Any]]) -> str:
    count, others = amounts.line_count, max(row["category_count"] for row in rows) - 1
    lines = f"{count:,} lines have" if count > 1 else "1 line has"
    named = repr(shortened(min(row["category"] for row in rows), 40)) + (
        f" and {others} more" if others else ""
    )
    money = exact(units(amounts.BilledCostNano), currency)
    return (
        f"{lines} a ChargeCategory that FOCUS does not have, {named}, {money} in all: it counts, but as none "
        f"of {', '.join(CHARGE_CATEGORIES)}; ask who made the export to correct it"
    )

"""What FOCUS says of charges that are paid in advance: bought at no EffectiveCost, and used at no BilledCost.

"EffectiveCost MUST be 0 when ChargeCategory is "Purchase" and the purchase is intended to cover future
eligible charges": https://focus.finops.org/focus-specification/v1-2/ (column EffectiveCost; also at
specification/columns/effectivecost.md of github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec).
``told`` are the columns of the contract.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats.contract import text
from costwatch.ledger.nano import is_exact, nano
from costwatch.model import Amounts, LoadFinding, LoadFindingKind
from costwatch.money import exact, units
from costwatch.proof.bridge import Part

_ID = "CommitmentDiscountId"
_TELLING = ("CommitmentDiscountStatus", "ChargeSubcategory")  # the latter until 1.0


def bought_twice(raw: ir.Table, told: Mapping[str, ir.Value]) -> ir.Table:
    """Purchases of commitments that have an EffectiveCost, by ``period`` and currency.

    A line of the part of a commitment that nobody used is no purchase, whatever category it is given.
    """
    effective = told["EffectiveCost"]
    lines = raw.select(
        period=told["BillingPeriodStart"].date(),
        currency=told["BillingCurrency"],
        billed=told["BilledCost"],
        effective=effective,
        is_bought=(told["ChargeCategory"] == "Purchase")
        & (effective != 0)
        & is_exact(effective)
        & text(raw, _ID).notnull()
        & (told["CommitmentDiscountStatus"].fill_null("") != "Unused"),
    )
    bought = lines.filter(lines.is_bought)
    return bought.group_by("period", "currency").agg(
        billed_nano=nano(bought.billed).sum(),
        effective_nano=nano(bought.effective).sum(),
        line_count=bought.count(),
    )


def findings(evidence: Sequence[Mapping[str, Any]]) -> Iterator[LoadFinding]:
    """One for each currency, from rows of ``bought_twice``."""
    found: dict[str, Amounts] = {}
    for row in evidence:
        more = Amounts(int(row["billed_nano"]), int(row["effective_nano"]), row["line_count"])
        found[row["currency"] or ""] = found.get(row["currency"] or "", Amounts()) + more
    for currency, amounts in sorted(found.items()):
        count = amounts.line_count
        lines = f"{count:,} Purchases of commitments have" if count > 1 else "1 Purchase of a commitment has"
        money = exact(units(amounts.EffectiveCostNano), currency)
        text = (
            f"{lines} an EffectiveCost, {money} in all, which FOCUS sets to 0: it counts beside the usage "
            "that it is spread over; ask who made the export to correct it"
        )
        yield LoadFinding(LoadFindingKind.PURCHASE, text, currency, amounts)


def bridge_part(raw: ir.Table, told: Mapping[str, ir.Value]) -> ir.StringValue:
    """See ``contract.BillFormat``. What is prepaid without being a commitment is told by its costs."""
    names = [name for name in (_ID, *_TELLING) if name.lower() in raw.columns]
    status, category = told["CommitmentDiscountStatus"].fill_null(""), told["ChargeCategory"]
    billed, effective = told["BilledCost"], told["EffectiveCost"]
    committed = text(raw, _ID).notnull() | (status != "")
    return ibis.cases(
        (category == "Tax", Part.TAX.value),
        (committed & (told["ChargeClass"] == "Correction").fill_null(False), Part.REFUND.value),
        ((status == "Unused") & (category == "Purchase"), Part.FEE.value),
        (status == "Unused", Part.UNUSED.value),
        ((category == "Purchase") & (committed | (effective == 0)), Part.PURCHASE.value),
        (committed & (category == "Usage"), Part.USED.value),
        (committed, Part.REFUND.value),
        ((category == "Usage") & (billed == 0) & (effective != 0), Part.USED.value),
        else_=(Part.OTHER if names else Part.UNTOLD).value,
    )

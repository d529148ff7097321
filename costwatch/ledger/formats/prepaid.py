"""What FOCUS says of charges that are paid in advance: bought at no EffectiveCost, and used at no BilledCost.

"EffectiveCost MUST be 0 when ChargeCategory is "Purchase" and the purchase is intended to cover future
eligible charges": https://focus.finops.org/focus-specification/v1-2/ (column EffectiveCost; also at
specification/columns/effectivecost.md of github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec).
``told`` are the columns of the contract.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats.contract import text
from costwatch.ledger.nano import is_exact
from costwatch.proof.bridge import Part

_ID = "CommitmentDiscountId"
_TELLING = ("CommitmentDiscountStatus", "ChargeSubcategory")  # the latter until 1.0


def is_bought_twice(raw: ir.Table, told: Mapping[str, ir.Value]) -> ir.BooleanValue:
    """Whether a line is the purchase of a commitment and has an EffectiveCost.

    A line of the part of a commitment that nobody used is no purchase, whatever category it is given.
    """
    return (
        (told["ChargeCategory"] == "Purchase")
        & (told["EffectiveCost"] != 0)
        & is_exact(told["EffectiveCost"])
        & text(raw, _ID).notnull()
        & (told["CommitmentDiscountStatus"].fill_null("") != "Unused")
    )


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

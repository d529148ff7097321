"""What kinds of charges there are beside what was used or bought, told by two columns of FOCUS.

Source: https://focus.finops.org/focus-specification/v1-2/ (columns ChargeCategory and ChargeClass).
"""

CHARGE_CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
# The values of ``x_ChargeKind``.
CHARGES, CREDITS, REFUNDS, TAX = "charges", "credits", "refunds", "tax"
CHARGE_KINDS = (CHARGES, CREDITS, REFUNDS, TAX)
# What is left of a cost "before credits".
KINDS_BEFORE_CREDITS = (CHARGES, TAX)

_PAID_BACK = ("Adjustment", "Purchase")


def charge_kind(category: str, charge_class: str) -> str:
    """One of ``CHARGE_KINDS``, from a charge's ChargeCategory and ChargeClass.

    A credit is of the category Credit, a tax of the category Tax. A refund is a Correction of a Purchase or
    an Adjustment; one of Usage is usage that is told late or told anew, and a discount an Adjustment that
    corrects nothing: both are a part of what was charged.
    """
    if category == "Credit":
        return CREDITS
    if category == "Tax":
        return TAX
    return REFUNDS if charge_class == "Correction" and category in _PAID_BACK else CHARGES

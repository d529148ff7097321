"""FOCUS Cost and Usage, versions 1.0 to 1.2, tolerating the renames of 1.3 and 1.4.

Source: https://focus.finops.org/focus-specification/ (columns of feature level Mandatory).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats.contract import (
    DESCRIBED,
    Judged,
    amount,
    control,
    entry,
    flag,
    instant,
    mapping,
    text,
)
from costwatch.ledger.nano import is_exact, nano
from costwatch.model import Amounts, LoadFinding, LoadFindingKind
from costwatch.money import exact, units
from costwatch.proof.bridge import Part

name = "focus"
origins: Mapping[str, tuple[str, ...]] = {}

MANDATORY = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
)
# 1.3 splits ProviderName in two and deprecates both old names, 1.4 drops them.
RENAMED = {
    "ProviderName": ("ServiceProviderName", "HostProviderName"),
    "PublisherName": ("ServiceProviderName", "HostProviderName"),
}


def recognises(columns: frozenset[str]) -> bool:
    """FOCUS, complete or not: by the two columns that no other bill has together."""
    return {"chargecategory", "billedcost"} <= columns or {"billedcost", "chargeperiodstart"} <= columns


def missing(columns: frozenset[str]) -> list[str]:
    """The mandatory columns that are not there under any of their names."""
    return [
        column
        for column in MANDATORY
        if not any(known.lower() in columns for known in (column, *RENAMED.get(column, ())))
    ]


def charges(raw: ir.Table) -> ir.Table:
    """Every row is a charge."""
    return raw


def evidence(raw: ir.Table) -> ir.Table:
    """See ``contract.BillFormat``: purchases of commitments that cost something in effect.

    "EffectiveCost MUST be 0 when ChargeCategory is "Purchase" and the purchase is intended to cover future
    eligible charges": https://focus.finops.org/focus-specification/v1-2/ (column EffectiveCost). A line of
    the part that nobody used is no purchase, whatever category it is given.
    """
    effective = amount(raw, "EffectiveCost")
    bought = raw.filter(
        (text(raw, "ChargeCategory") == "Purchase")
        & (effective != 0)
        & is_exact(effective)
        & text(raw, "CommitmentDiscountId").notnull()
        & (text(raw, "CommitmentDiscountStatus").fill_null("") != "Unused")
    )
    return bought.group_by(
        period=instant(bought, "BillingPeriodStart").date(),
        currency=text(bought, "BillingCurrency").strip().upper(),
    ).agg(
        billed_nano=nano(amount(bought, "BilledCost")).sum(),
        effective_nano=nano(amount(bought, "EffectiveCost")).sum(),
        line_count=bought.count(),
    )


def judged(evidence: Sequence[Mapping[str, Any]]) -> Judged:
    """See ``contract.BillFormat``: nothing stays unamortised, for EffectiveCost is the export's own."""
    found: dict[str, Amounts] = {}
    for row in evidence:
        more = Amounts(int(row["billed_nano"]), int(row["effective_nano"]), row["line_count"])
        found[row["currency"] or ""] = found.get(row["currency"] or "", Amounts()) + more
    return (), tuple(
        LoadFinding(LoadFindingKind.PURCHASE, _purchased(currency, amounts), currency, amounts)
        for currency, amounts in sorted(found.items())
    )


def _purchased(currency: str, amounts: Amounts) -> str:
    lines = (
        "1 Purchase of a commitment has"
        if amounts.line_count == 1
        else (f"{amounts.line_count} Purchases of commitments have")
    )
    return (
        f"{lines} an EffectiveCost, {exact(units(amounts.EffectiveCostNano), currency)} in all, which FOCUS "
        "sets to 0: it counts beside the usage that it is spread over; ask who made the export to correct it"
    )


def columns(raw: ir.Table, unamortised: Collection[str] | None = None) -> dict[str, ir.Value]:
    """See ``contract.BillFormat``."""
    return {
        "BillingAccountId": text(raw, "BillingAccountId"),
        "BillingCurrency": text(raw, "BillingCurrency").strip().upper(),
        "BillingPeriodStart": instant(raw, "BillingPeriodStart"),
        "BillingPeriodEnd": instant(raw, "BillingPeriodEnd"),
        "ChargePeriodStart": instant(raw, "ChargePeriodStart"),
        "ChargePeriodEnd": instant(raw, "ChargePeriodEnd"),
        "ProviderName": text(raw, "ProviderName", "ServiceProviderName", "HostProviderName"),
        "InvoiceIssuerName": text(raw, "InvoiceIssuerName"),
        "InvoiceId": text(raw, "InvoiceId"),
        "ServiceName": text(raw, "ServiceName"),
        "ChargeCategory": text(raw, "ChargeCategory"),
        "ChargeClass": text(raw, "ChargeClass"),
        "SubAccountId": text(raw, "SubAccountId"),
        "SubAccountName": text(raw, "SubAccountName"),
        "RegionId": text(raw, "RegionId", "Region"),
        "ResourceId": text(raw, "ResourceId"),
        "CommitmentDiscountStatus": text(raw, "CommitmentDiscountStatus"),
        "x_UsageType": text(raw, "x_UsageType", "SkuMeter"),
        "x_Estimated": flag(raw, "x_Estimated"),
        "BilledCost": amount(raw, "BilledCost"),
        "EffectiveCost": amount(raw, "EffectiveCost"),
        "x_BilledCostDecimal": control(raw, "BilledCost"),
        "x_EffectiveCostDecimal": control(raw, "EffectiveCost"),
        "Tags": mapping(raw, ["Tags"]),
        "x_CostCategories": mapping(raw, ["x_CostCategories"]),
    }


def bridge_part(raw: ir.Table, unamortised: Collection[str] | None = None) -> ir.StringValue:
    """See ``contract.BillFormat``.

    What is prepaid without being a commitment is told by its costs: bought at an EffectiveCost of 0, and
    charged later at a BilledCost of 0.
    """
    told = [
        name for name in ("CommitmentDiscountId", "CommitmentDiscountStatus") if name.lower() in raw.columns
    ]
    category, status = text(raw, "ChargeCategory"), text(raw, "CommitmentDiscountStatus").fill_null("")
    billed, effective = amount(raw, "BilledCost"), amount(raw, "EffectiveCost")
    committed = text(raw, *told).notnull()
    return ibis.cases(
        (category == "Tax", Part.TAX.value),
        (committed & (text(raw, "ChargeClass") == "Correction"), Part.REFUND.value),
        ((status == "Unused") & (category == "Purchase"), Part.FEE.value),
        (status == "Unused", Part.UNUSED.value),
        ((category == "Purchase") & (committed | (effective == 0)), Part.PURCHASE.value),
        (committed & (category == "Usage"), Part.USED.value),
        (committed, Part.REFUND.value),
        ((category == "Usage") & (billed == 0) & (effective != 0), Part.USED.value),
        else_=(Part.OTHER if told else Part.UNTOLD).value,
    )


def described(raw: ir.Table) -> dict[str, ir.Value]:
    """See ``contract.BillFormat``."""
    known = {
        column: text(raw, column) if kind == "string" else amount(raw, column)
        for column, kind in DESCRIBED.items()
        if column.lower() in raw.columns
    }
    publisher = text(raw, "PublisherName", "ServiceProviderName", "HostProviderName")
    return {**known, "PublisherName": publisher}


def identity(raw: ir.Table) -> list[ir.Value]:
    """See ``contract.BillFormat``: FOCUS has no identity of a line."""
    return []


def tag(raw: ir.Table, key: str) -> ir.StringValue:
    """See ``contract.BillFormat``. Some exports write a user's tag with the prefix ``user:``."""
    return entry(raw, "tags", [key, f"user:{key}", f"user_{key}"])


def cost_category(raw: ir.Table, name: str) -> ir.StringValue:
    """See ``contract.BillFormat``."""
    return entry(raw, "x_costcategories", [name])

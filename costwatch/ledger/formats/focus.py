"""FOCUS Cost and Usage, versions 1.0 to 1.2, tolerating the renames of 1.3 and 1.4.

Source: https://focus.finops.org/focus-specification/ (columns of feature level Mandatory).
"""

from collections.abc import Mapping

import ibis.expr.types as ir

from costwatch.ledger.formats.contract import (
    DESCRIBED,
    amount,
    control,
    entry,
    flag,
    instant,
    mapping,
    text,
)

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


def columns(raw: ir.Table) -> dict[str, ir.Value]:
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
        "ChargeFrequency": text(raw, "ChargeFrequency"),
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

"""FOCUS Cost and Usage, versions 1.0 to 1.2, by the names of 0.5, of 1.0-preview, and of 1.3 and 1.4, too.

Sources: https://focus.finops.org/focus-specification/ (columns of feature level Mandatory);
https://docs.oracle.com/en-us/iaas/Content/Billing/Concepts/costusagereportsoverview.htm (Oracle's names);
https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-focus-1-2-aws-columns.html and
table-dictionary-cur2-tag-columns.html (what AWS puts into Tags, and by which prefixes).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats import doubtful, prepaid
from costwatch.ledger.formats.built_once import built_once
from costwatch.ledger.formats.contract import (
    DESCRIBED,
    REQUIRED_VALUES,
    Held,
    Judged,
    amount,
    control,
    entry,
    flag,
    instant,
    mapping,
    period_instant,
    text,
)
from costwatch.model import CHARGE_CATEGORIES
from costwatch.model.names import spelt

name = "focus"
title = "FOCUS"

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
# By what else a column goes. 1.3 splits ProviderName in two and deprecates both old names, 1.4 drops them;
# before 1.0 there were other names, some of which Oracle still writes.
RENAMED: Mapping[str, tuple[str, ...]] = {
    "BillingCurrency": ("BilledCurrency",),
    "ChargeCategory": ("ChargeType",),
    "ConsumedQuantity": ("UsageQuantity",),
    "ConsumedUnit": ("UsageUnit",),
    "EffectiveCost": ("AmortizedCost",),
    "InvoiceIssuerName": ("InvoiceIssuer",),
    "ProviderName": ("Provider", "ServiceProviderName", "HostProviderName"),
    "PublisherName": ("Publisher", "ServiceProviderName", "HostProviderName"),
    "RegionId": ("Region",),
    "x_UsageType": ("SkuMeter", "x_SkuMeterName"),
}
origins: Mapping[str, tuple[str, ...]] = {
    column: (column, *others) for column, others in RENAMED.items() if column in REQUIRED_VALUES
}
# Names that no other bill has: two of them tell the format.
_TELLING = frozenset(
    {
        "amortizedcost",
        "billedcost",
        "chargecategory",
        "chargeclass",
        "chargeperiodend",
        "chargeperiodstart",
        "chargesubcategory",
        "contractedcost",
        "effectivecost",
        "invoiceissuername",
        "listcost",
    }
)
_TAGS = ("allocatedtags", "tags")
_RESOURCE, _CATEGORY = "resourceTags/", "costCategory/"
# Until 1.0, what ChargeClass and CommitmentDiscountStatus say stood in one column.
_SUBCATEGORY = "ChargeSubcategory"
_STATUS = {"Used Commitment": "Used", "Unused Commitment": "Unused"}


def recognises(columns: frozenset[str]) -> bool:
    """FOCUS, complete or not."""
    return len(_TELLING & columns) > 1


def missing(columns: frozenset[str]) -> list[str]:
    """The mandatory columns that are not there under any of their names."""
    return [column for column in MANDATORY if not any(known.lower() in columns for known in _names(column))]


def charges(raw: ir.Table) -> ir.Table:
    """Every row is a charge."""
    return raw


def evidence(raw: ir.Table) -> ir.Table:
    """See ``contract.BillFormat``: what is against the specification."""
    return doubtful.doubtful(raw, columns(raw))


def judged(evidence: Sequence[Mapping[str, Any]]) -> Judged:
    """See ``contract.BillFormat``: nothing stays unamortised, for EffectiveCost is the export's own."""
    return (), tuple(doubtful.findings(evidence))


@built_once
def columns(raw: ir.Table, unamortised: Collection[str] | None = None) -> dict[str, ir.Value]:
    """See ``contract.BillFormat``."""
    return {
        "BillingAccountId": text(raw, "BillingAccountId"),
        "BillingCurrency": text(raw, *_names("BillingCurrency")).strip().upper(),
        "BillingPeriodStart": period_instant(raw, "BillingPeriodStart"),
        "BillingPeriodEnd": period_instant(raw, "BillingPeriodEnd"),
        "ChargePeriodStart": instant(raw, "ChargePeriodStart"),
        "ChargePeriodEnd": instant(raw, "ChargePeriodEnd"),
        "ProviderName": text(raw, *_names("ProviderName")),
        "InvoiceIssuerName": text(raw, *_names("InvoiceIssuerName")),
        "InvoiceId": text(raw, "InvoiceId"),
        "ServiceName": text(raw, "ServiceName"),
        "ChargeCategory": _charge_category(raw),
        "ChargeClass": _charge_class(raw),
        "ChargeFrequency": text(raw, "ChargeFrequency"),
        "SubAccountId": text(raw, "SubAccountId"),
        "SubAccountName": text(raw, "SubAccountName"),
        "RegionId": text(raw, *_names("RegionId")),
        "ResourceId": text(raw, "ResourceId"),
        "CommitmentDiscountStatus": _commitment_status(raw),
        "x_UsageType": text(raw, *_names("x_UsageType")),
        "x_Estimated": flag(raw, "x_Estimated"),
        "BilledCost": amount(raw, "BilledCost"),
        "EffectiveCost": amount(raw, _there(raw, "EffectiveCost")),
        "ContractedCost": amount(raw, "ContractedCost"),
        "PricingQuantity": amount(raw, "PricingQuantity"),
        "PricingUnit": text(raw, "PricingUnit"),
        "x_BilledCostDecimal": control(raw, "BilledCost"),
        "x_EffectiveCostDecimal": control(raw, _there(raw, "EffectiveCost")),
        "Tags": mapping(raw, ["Tags"]),
        "x_CostCategories": mapping(raw, ["x_CostCategories"]),
    }


def bridge_part(raw: ir.Table, unamortised: Collection[str] | None = None) -> ir.StringValue:
    """See ``contract.BillFormat``."""
    return prepaid.bridge_part(raw, columns(raw))


def described(raw: ir.Table) -> dict[str, ir.Value]:
    """See ``contract.BillFormat``."""
    return {
        column: text(raw, *_names(column)) if kind == "string" else amount(raw, _there(raw, column))
        for column, kind in DESCRIBED.items()
        if any(known.lower() in raw.columns for known in _names(column))
    }


def identity(raw: ir.Table) -> list[ir.Value]:
    """See ``contract.BillFormat``: FOCUS has no identity of a line."""
    return []


def tag_keys(columns: Iterable[str], held: Held) -> list[str]:
    """See ``contract.BillFormat``."""
    written = {key for column in _TAGS for key in held.get(column, ()) if not key.startswith(_CATEGORY)}
    return sorted({key.removeprefix(_RESOURCE) for key in written})


def tag(raw: ir.Table, key: str, held: Held) -> ir.StringValue:
    """See ``contract.BillFormat``. Some exports write a user's tag with the prefix ``user:``, AWS since 1.2
    those of a resource with ``resourceTags/``. What 1.3 allots to another resource goes by that one's tags.
    """
    keys = {column: spelt(held.get(column, ()), key, _RESOURCE) for column in _TAGS}
    return ibis.coalesce(*(entry(raw, column, keys[column]) for column in _TAGS))


def cost_category(raw: ir.Table, name: str, held: Held) -> ir.StringValue:
    """See ``contract.BillFormat``. AWS writes them into Tags since 1.2: ``costCategory/Team``."""
    if "x_costcategories" in raw.columns:
        return entry(raw, "x_costcategories", spelt(held.get("x_costcategories", ()), name))
    among = (key for key in held.get("tags", ()) if key.startswith(_CATEGORY))
    return entry(raw, "tags", spelt(among, name, _CATEGORY))


def _charge_category(raw: ir.Table) -> ir.StringValue:
    told = _as_named(text(raw, *_names("ChargeCategory")))
    if _SUBCATEGORY.lower() not in raw.columns:
        return told
    is_credit = (told == "Adjustment") & (text(raw, _SUBCATEGORY) == "Credit")
    return ibis.ifelse(is_credit.fill_null(False), "Credit", told)


def _as_named(category: ir.StringValue) -> ir.StringValue:
    """As the specification spells it, however the export does."""
    spelt = [(category.lower() == name.lower(), name) for name in CHARGE_CATEGORIES]
    return ibis.ifelse(category.isin(CHARGE_CATEGORIES), category, ibis.cases(*spelt, else_=category))


def _charge_class(raw: ir.Table) -> ir.StringValue:
    told = text(raw, "ChargeClass")
    if _SUBCATEGORY.lower() not in raw.columns:
        return told
    refund = ibis.ifelse(text(raw, _SUBCATEGORY) == "Refund", "Correction", ibis.null("string"))
    return told.fill_null(refund)


def _commitment_status(raw: ir.Table) -> ir.StringValue:
    told = text(raw, "CommitmentDiscountStatus")
    if _SUBCATEGORY.lower() not in raw.columns:
        return told
    kind = text(raw, _SUBCATEGORY)
    known = [(kind == theirs, ours) for theirs, ours in _STATUS.items()]
    return told.fill_null(ibis.cases(*known, else_=ibis.null("string")))


def _names(column: str) -> tuple[str, ...]:
    return (column, *RENAMED.get(column, ()))


def _there(raw: ir.Table, column: str) -> str:
    """The first of a column's names that ``raw`` has."""
    return next((known for known in _names(column) if known.lower() in raw.columns), column)

"""What FOCUS 1.2 asks of a row, where a bill says too little or too much: the expressions.

Sources: https://focus.finops.org/focus-specification/v1-2/ and the rules of its validator
(https://github.com/finopsfoundation/focus-spec-validator, model 1.2.0.1), named by column.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

Columns = Mapping[str, ir.Value]

CHARGE_FREQUENCIES = ("One-Time", "Recurring", "Usage-Based")
SERVICE_CATEGORIES = (
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Multicloud",
    "Networking",
    "Other",
    "Security",
    "Storage",
    "Web",
)
# The columns of the warehouse are empty where FOCUS has null.
_EMPTY_IS_NULL = (
    "ChargeClass",
    "ProviderName",
    "RegionId",
    "ServiceName",
    "SubAccountId",
    "SubAccountName",
    "x_UsageType",
)
# Never null: filled in this order, each by the first of these that is there.
_FILLED = {
    "ProviderName": ("PublisherName", "InvoiceIssuerName", "x_Source"),
    "ServiceName": ("ProviderName",),
    "BillingAccountName": ("BillingAccountId",),
    "ChargeDescription": ("x_UsageType", "ServiceName"),
    "ContractedCost": ("BilledCost",),
    "InvoiceIssuerName": ("ProviderName",),
    "ListCost": ("ContractedCost",),
    "PublisherName": ("ProviderName",),
}
# Null where the other column is null, and else filled by the last; a column, or a text.
_OF = {
    "SubAccountName": ("SubAccountId", "SubAccountId"),
    "RegionName": ("RegionId", "RegionId"),
    "ResourceName": ("ResourceId", ""),
    "ResourceType": ("ResourceId", "ServiceName"),
    "CommitmentDiscountName": ("CommitmentDiscountId", ""),
    "CommitmentDiscountQuantity": ("CommitmentDiscountId", ""),
    "CommitmentDiscountStatus": ("CommitmentDiscountId", ""),
    "CommitmentDiscountUnit": ("CommitmentDiscountQuantity", "Units"),
    "ConsumedUnit": ("ConsumedQuantity", "Units"),
    "PricingUnit": ("PricingQuantity", "Units"),
}
_PRICED = (
    "ContractedUnitPrice",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "SkuId",
    "SkuPriceId",
)


def conforming(columns: Columns) -> dict[str, ir.Value]:
    """``columns`` of an export, by name, as FOCUS allows them beside each other; costs stay as they are.

    Nothing is made up that a bill does not say but what may not be null: a name is the id then, a unit
    ``Units``, the type of a resource its service, the category of a price or of a service ``Other``.
    """
    known = dict(columns)
    for column in _EMPTY_IS_NULL:
        known[column] = known[column].nullif("")
    for column, others in _FILLED.items():
        known[column] = ibis.coalesce(known[column], *(known[other] for other in others))
    known["ChargeClass"] = _null_unless(known["ChargeClass"] == "Correction", known["ChargeClass"])
    known["ChargeFrequency"] = _frequency(known)
    is_listed = known["ServiceCategory"].isin(SERVICE_CATEGORIES)
    known["ServiceCategory"] = ibis.ifelse(is_listed.fill_null(False), known["ServiceCategory"], "Other")
    known |= _commitment(known) | _priced(known)
    for column, (of, filled) in _OF.items():
        value = ibis.coalesce(known[column], known.get(filled, filled)) if filled else known[column]
        known[column] = _null_unless(known[of].notnull(), value)
    return known


def _null_unless(condition: ir.BooleanValue, value: ir.Value) -> ir.Value:
    return ibis.ifelse(condition, value, ibis.null(value.type()))


def _frequency(known: Columns) -> ir.Value:
    """As delivered, whatever its case; else as is usual for the category. A purchase depends on no usage."""
    category, told = known["ChargeCategory"], known["ChargeFrequency"].lower()
    is_purchase = category == "Purchase"
    return ibis.cases(
        *((told == each.lower(), each) for each in CHARGE_FREQUENCIES[:2]),
        (
            is_purchase | ((told != "usage-based").fill_null(True) & category.isin(("Credit", "Adjustment"))),
            "One-Time",
        ),
        else_="Usage-Based",
    )


def _commitment(known: Columns) -> dict[str, ir.Value]:
    """What kind of commitment an id is of, where the bill does not say."""
    named, category = known["CommitmentDiscountId"], known["ChargeCategory"]
    is_plan = named.lower().contains("savingsplan")
    kind, kind_name = (
        ibis.ifelse(is_plan, "Spend", "Usage"),
        ibis.ifelse(is_plan, "Savings Plan", "Reservation"),
    )
    is_charged = category.isin(("Usage", "Purchase")) & known["ChargeClass"].isnull()
    status = ibis.coalesce(
        known["CommitmentDiscountStatus"], _null_unless(category == "Usage", ibis.literal("Used"))
    )
    return {
        "CommitmentDiscountCategory": _null_unless(
            named.notnull(), ibis.coalesce(known["CommitmentDiscountCategory"], kind)
        ),
        "CommitmentDiscountType": _null_unless(
            named.notnull(), ibis.coalesce(known["CommitmentDiscountType"], kind_name)
        ),
        "CommitmentDiscountQuantity": _null_unless(is_charged, known["CommitmentDiscountQuantity"]),
        "CommitmentDiscountStatus": status,
    }


def _priced(known: Columns) -> dict[str, ir.Value]:
    """A tax has no price; only usage that somebody used is consumed."""
    category = known["ChargeCategory"]
    is_used = (category == "Usage") & (known["CommitmentDiscountStatus"] != "Unused").fill_null(True)
    needs_category = category.isin(("Usage", "Purchase")) & known["ChargeClass"].isnull()
    other = _null_unless(needs_category, ibis.literal("Other"))
    priced = {column: known[column] for column in _PRICED}
    priced["PricingCategory"] = ibis.coalesce(priced["PricingCategory"], other)
    return {
        **{column: _null_unless(category != "Tax", value) for column, value in priced.items()},
        "ConsumedQuantity": _null_unless(is_used, known["ConsumedQuantity"]),
    }

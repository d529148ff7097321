"""AWS Cost and Usage Report 2.0, as AWS Data Exports deliver it.

Sources: https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html (columns) and
split-cost-allocation-data.html (split lines); ``amortisation`` for the types of lines.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats import amortisation, completeness
from costwatch.ledger.formats.amortisation import Unamortised
from costwatch.ledger.formats.built_once import built_once
from costwatch.ledger.formats.contract import (
    Held,
    Judged,
    amount,
    control,
    entry,
    entry_column,
    instant,
    mapping,
    period_instant,
    quantity,
    text,
)
from costwatch.model.names import spelt

name = "cur2"
title = "CUR 2.0"

MANDATORY = (
    "bill_billing_period_start_date",
    "bill_payer_account_id",
    "line_item_currency_code",
    "line_item_line_item_type",
    "line_item_product_code",
    "line_item_unblended_cost",
    "line_item_usage_account_id",
    "line_item_usage_amount",
    "line_item_usage_end_date",
    "line_item_usage_start_date",
    "pricing_unit",
)
origins = {
    "BillingPeriodStart": ("bill_billing_period_start_date",),
    "BillingPeriodEnd": ("bill_billing_period_start_date",),
    "ChargePeriodStart": ("line_item_usage_start_date",),
    "ChargePeriodEnd": ("line_item_usage_end_date",),
    "BilledCost": ("line_item_unblended_cost",),
    "EffectiveCost": amortisation.EFFECTIVE_COLUMNS,
    "BillingCurrency": ("line_item_currency_code",),
    "BillingAccountId": ("bill_payer_account_id",),
    "ChargeCategory": ("line_item_line_item_type",),
    "Tags": ("resource_tags",),
    "x_CostCategories": ("cost_category",),
}
# Their cost stands on the line of the instance that they share, too.
_SPLIT_OPERATIONS = ("EKSPod-EC2", "ECSTask-EC2")
_IDENTITY = ("identity_line_item_id", "identity_time_interval")
_COSTS = ("line_item_unblended_cost", "line_item_net_unblended_cost")
_RESOURCE, _CATEGORY = "resourceTags/", "costCategory/"
_NAME, _REGION = (entry_column("product", key) for key in ("product_name", "region_code"))


def recognises(columns: frozenset[str]) -> bool:
    """By the names of its columns; the older report has a column for each tag."""
    older = any(column.startswith(("resource_tags_", "cost_category_")) for column in columns)
    return bool({"line_item_unblended_cost", "line_item_line_item_type"} & columns) and not older


def missing(columns: frozenset[str]) -> list[str]:
    """See ``contract.BillFormat``."""
    return [column for column in MANDATORY if column not in columns]


def charges(raw: ir.Table) -> ir.Table:
    """Without the lines that split an instance's cost over its pods or tasks."""
    if "line_item_operation" in raw.columns:
        raw = raw.filter(raw.line_item_operation.cast("string").fill_null("").notin(_SPLIT_OPERATIONS))
    if "split_line_item_parent_resource_id" in raw.columns:
        raw = raw.filter(text(raw, "split_line_item_parent_resource_id").isnull())
    # What is read of maps gets columns of its own.
    told = {
        "product_product_name": (_NAME, ["product_name"]),
        "product_region_code": (_REGION, ["region_code", "region"]),
    }
    return raw.mutate(
        **{
            name: entry(raw, "product", keys)
            for column, (name, keys) in told.items()
            if column not in raw.columns and "product" in raw.columns
        }
    )


def evidence(raw: ir.Table) -> ir.Table:
    """See ``contract.BillFormat``."""
    return completeness.evidence(raw)


def judged(evidence: Sequence[Mapping[str, Any]]) -> Judged:
    """See ``contract.BillFormat``."""
    return completeness.judged([*map(completeness.lines_of, evidence)])


@built_once
def columns(raw: ir.Table, unamortised: Unamortised = None) -> dict[str, ir.Value]:
    """See ``contract.BillFormat``."""
    period = period_instant(raw, "bill_billing_period_start_date")
    return {
        "BillingAccountId": text(raw, "bill_payer_account_id"),
        "BillingCurrency": text(raw, "line_item_currency_code").strip().upper(),
        "BillingPeriodStart": period,
        # Always a calendar month; some reports end it a second early.
        "BillingPeriodEnd": period + ibis.interval(months=1),
        "ChargePeriodStart": instant(raw, "line_item_usage_start_date"),
        "ChargePeriodEnd": instant(raw, "line_item_usage_end_date"),
        "ProviderName": ibis.literal("AWS"),
        "InvoiceIssuerName": text(raw, "bill_invoicing_entity", "bill_billing_entity"),
        "InvoiceId": text(raw, "bill_invoice_id"),
        "ServiceName": text(raw, "product_product_name", _NAME, "line_item_product_code"),
        "ChargeCategory": amortisation.charge_category(raw),
        "ChargeClass": amortisation.charge_class(raw),
        "ChargeFrequency": amortisation.charge_frequency(raw),
        "SubAccountId": text(raw, "line_item_usage_account_id"),
        "SubAccountName": text(raw, "line_item_usage_account_name"),
        "RegionId": text(raw, "product_region_code", _REGION, "product_region"),
        "ResourceId": text(raw, "line_item_resource_id"),
        "CommitmentDiscountStatus": amortisation.commitment_status(raw, unamortised),
        "x_UsageType": text(raw, "line_item_usage_type"),
        "x_Estimated": ibis.literal(False),
        "BilledCost": amount(raw, "line_item_unblended_cost"),
        "EffectiveCost": amortisation.effective_cost(raw, quantity, unamortised),
        "ContractedCost": amortisation.contracted_cost(raw, amount),
        "PricingQuantity": amortisation.priced_once(raw, amount(raw, "line_item_usage_amount")),
        "PricingUnit": _unit(raw),
        "x_BilledCostDecimal": control(raw, "line_item_unblended_cost"),
        "x_EffectiveCostDecimal": amortisation.effective_cost(raw, control, unamortised),
        "Tags": mapping(raw, ["resource_tags", "tags"]),
        "x_CostCategories": mapping(raw, ["cost_category"]),
    }


def bridge_part(raw: ir.Table, unamortised: Unamortised = None) -> ir.StringValue:
    """See ``contract.BillFormat``."""
    return amortisation.bridge_part(raw, amount, unamortised)


def described(raw: ir.Table) -> dict[str, ir.Value]:
    """See ``contract.BillFormat``."""
    return {
        "BillingAccountName": text(raw, "bill_payer_account_name"),
        "ChargeDescription": text(raw, "line_item_line_item_description"),
        "CommitmentDiscountId": amortisation.commitment_id(raw),
        "ConsumedQuantity": amount(raw, "line_item_usage_amount"),
        "ConsumedUnit": _unit(raw),
        "ListCost": ibis.coalesce(
            amount(raw, "pricing_public_on_demand_cost"), amount(raw, "line_item_unblended_cost")
        ),
        "PublisherName": text(raw, "line_item_legal_entity"),
        "SkuId": text(raw, "product_sku"),
        "SkuPriceId": text(raw, "pricing_rate_code"),
        "AvailabilityZone": text(raw, "line_item_availability_zone"),
        "x_Operation": text(raw, "line_item_operation"),
    }


def identity(raw: ir.Table) -> list[ir.Value]:
    """See ``contract.BillFormat``: AWS's identity of a line is one only with its time and costs."""
    if not set(_IDENTITY) <= set(raw.columns):
        return []
    # As it is written: this is asked of every line of every bill.
    return [*(raw[name] for name in _IDENTITY), *(amount(raw, name) for name in _COSTS)]


def _unit(raw: ir.Table) -> ir.StringValue:
    """The unit as FOCUS writes it: ``Hours`` for ``Hrs``, ``GB-Months`` for ``GB-Mo``."""
    unit = text(raw, "pricing_unit").re_replace("Hrs$", "Hours").re_replace("-Mo$", "-Months")
    return unit.re_replace("-(Hour|Second|Month)$", r"-\1s")


def tag_keys(columns: Iterable[str], held: Held) -> list[str]:
    """See ``contract.BillFormat``."""
    written = {key.removeprefix(_RESOURCE) for key in held.get(_tags(columns), ())}
    return sorted(_unprefixed(key) for key in written if not key.startswith(_CATEGORY))


def tag(raw: ir.Table, key: str, held: Held) -> ir.StringValue:
    """See ``contract.BillFormat``. AWS writes a user's tag ``CostCenter`` as ``user_cost_center``; the column
    that later took its place names where each tag comes from, too.
    """
    column = _tags(raw.columns)
    return entry(raw, column, as_aws_spells(held.get(column, ()), key, _RESOURCE))


def cost_category(raw: ir.Table, name: str, held: Held) -> ir.StringValue:
    """See ``contract.BillFormat``: in a column of their own, or among all tags."""
    if "cost_category" in raw.columns:
        return entry(raw, "cost_category", as_aws_spells(held.get("cost_category", ()), name))
    among = [key for key in held.get("tags", ()) if key.startswith(_CATEGORY)]
    return entry(raw, "tags", as_aws_spells(among, name, _CATEGORY))


def as_aws_spells(written: Iterable[str], key: str, prefix: str = "") -> list[str]:
    """As ``spelt``, and what AWS makes of a key with letters that are not ASCII: ``quipe`` of ``équipe``."""
    known = [*written]
    plain = "" if key.isascii() else re.sub(r"[^a-z0-9]+", "_", key.lower())
    return list(
        dict.fromkeys(
            [*spelt(known, key, prefix), *(spelt(known, plain, prefix) if plain.strip("_") else ())]
        )
    )


def _tags(columns: Iterable[str]) -> str:
    return "resource_tags" if "resource_tags" in columns else "tags"


def _unprefixed(key: str) -> str:
    return re.sub("^user[_:](?=.)", "", key)

"""The legacy AWS Cost and Usage Report: CSV with ``lineItem/UnblendedCost``, Parquet with
``line_item_unblended_cost``, a column for each tag and each product attribute, other ones every month.

It is read by the names of CUR 2.0; what is said of each column there holds here.
Source: https://docs.aws.amazon.com/cur/latest/userguide/data-dictionary.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ibis.expr.types as ir

from costwatch.ledger.formats import completeness, cur2
from costwatch.ledger.formats.contract import Held, Judged, text

name = "cur"
title = "legacy CUR"

# The columns that are read, by their names in CUR 2.0; ``bill/PayerAccountId`` is found by its letters.
_READ = (
    *cur2.MANDATORY,
    "bill_billing_entity",
    "bill_invoice_id",
    "bill_invoicing_entity",
    "bill_payer_account_name",
    "identity_line_item_id",
    "identity_time_interval",
    "line_item_availability_zone",
    "line_item_legal_entity",
    "line_item_line_item_description",
    "line_item_net_unblended_cost",
    "line_item_operation",
    "line_item_resource_id",
    "line_item_usage_account_name",
    "line_item_usage_type",
    "pricing_public_on_demand_cost",
    "pricing_rate_code",
    "product_product_name",
    "product_region",
    "product_region_code",
    "product_sku",
    "reservation_effective_cost",
    "reservation_end_time",
    "reservation_net_effective_cost",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_recurring_fee",
    "reservation_reservation_a_r_n",
    "reservation_start_time",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee",
    "savings_plan_end_time",
    "savings_plan_net_savings_plan_effective_cost",
    "savings_plan_savings_plan_a_r_n",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_start_time",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
    "split_line_item_parent_resource_id",
)


def _slashed(column: str) -> str:
    """``line_item_usage_type`` as the report's CSV spells it: ``lineItem/UsageType``."""
    if column.startswith("pricing_"):
        return column.replace("_", "/", 1)
    for group in ("bill", "line_item", "reservation", "savings_plan"):
        if column.startswith(f"{group}_"):
            first, *rest = group.split("_")
            words = column.removeprefix(f"{group}_").split("_")
            return first + "".join(map(str.title, rest)) + "/" + "".join(map(str.title, words))
    return column


_TAG = re.compile(r"resource_?tags[/_](.+)")
_OF_USER = re.compile(r"resource_?tags[/_]user[:_](.+)")
_CATEGORY = re.compile(r"cost_?category[/_](.+)")
origins = {
    ours: tuple(spelt for column in columns for spelt in (_slashed(column), column))
    for ours, columns in cur2.origins.items()
}


def recognises(columns: frozenset[str]) -> bool:
    """By the letters of its columns' names, however they are separated."""
    return bool({"lineitemunblendedcost", "lineitemlineitemtype"} & set(_by_letters(columns)))


def missing(columns: frozenset[str]) -> list[str]:
    """See ``contract.BillFormat``."""
    known = _by_letters(columns)
    return [_slashed(column) for column in cur2.MANDATORY if _letters(column) not in known]


def charges(raw: ir.Table) -> ir.Table:
    """See ``contract.BillFormat``: and with the columns that are read under their names in CUR 2.0, too."""
    known = _by_letters(raw.columns)
    found = {column: known.get(_letters(column)) for column in _READ if column not in raw.columns}
    return cur2.charges(raw.mutate(**{column: raw[there] for column, there in found.items() if there}))


evidence = cur2.evidence
columns = cur2.columns
bridge_part = cur2.bridge_part


def judged(evidence: Sequence[Mapping[str, Any]]) -> Judged:
    """See ``contract.BillFormat``: columns are named as the report's CSV spells them."""
    return completeness.judged([*map(completeness.lines_of, evidence)], _slashed)


def described(raw: ir.Table) -> dict[str, ir.Value]:
    """See ``contract.BillFormat``."""
    return cur2.described(raw)


def identity(raw: ir.Table) -> list[ir.Value]:
    """See ``contract.BillFormat``."""
    return cur2.identity(raw)


def tag_keys(columns: Iterable[str], held: Held) -> list[str]:
    """See ``contract.BillFormat``: of the users' own, for AWS's name nobody."""
    found = (_OF_USER.match(column) for column in columns)
    return sorted({_unnumbered(column[1]) for column in found if column})


def tag(raw: ir.Table, key: str, held: Held) -> ir.StringValue:
    """See ``contract.BillFormat``: ``resourceTags/user:team`` or ``resource_tags_user_team``."""
    return _first(raw, key, _TAG)


def cost_category(raw: ir.Table, name: str, held: Held) -> ir.StringValue:
    """See ``contract.BillFormat``: ``costCategory/Team`` or ``cost_category_team``."""
    return _first(raw, name, _CATEGORY)


def _first(raw: ir.Table, key: str, kind: re.Pattern[str]) -> ir.StringValue:
    columns: dict[str, list[str]] = {}
    for column in raw.columns:
        if named := kind.match(column):
            columns.setdefault(_unnumbered(named[1]), []).append(column)
    return text(raw, *(column for known in cur2.as_aws_spells(columns, key) for column in columns[known]))


def _unnumbered(key: str) -> str:
    """Of tags that differ by case only, ``delimited`` has numbered the columns."""
    return key.partition("#")[0]


def _letters(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())


def _by_letters(columns: Iterable[str]) -> dict[str, str]:
    return {_letters(column): column for column in columns}

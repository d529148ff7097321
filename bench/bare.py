"""The daily facts of a made-up bill with nothing of costwatch: what ``ledger.py`` compares it with.

Usage: bare.py duckdb|pandas FILE...; prints facts, lines and both sums as JSON.
"""

import json
import sys
from collections.abc import Sequence

# What CUR 2.0 means, in the fewest words: amortised cost as AWS defines it, FOCUS's categories.
_EFFECTIVE = """CASE line_item_line_item_type
  WHEN 'SavingsPlanCoveredUsage' THEN savings_plan_savings_plan_effective_cost
  WHEN 'SavingsPlanRecurringFee' THEN savings_plan_total_commitment_to_date - savings_plan_used_commitment
  WHEN 'DiscountedUsage' THEN reservation_effective_cost
  WHEN 'RIFee' THEN reservation_unused_amortized_upfront_fee_for_billing_period
    + reservation_unused_recurring_fee
  WHEN 'SavingsPlanNegation' THEN 0
  ELSE line_item_unblended_cost END"""
_CATEGORIES = {
    "Tax": "Tax",
    "Credit": "Credit",
    "RIFee": "Purchase",
    "SavingsPlanRecurringFee": "Purchase",
}
_CATEGORY = (
    "CASE line_item_line_item_type "
    + " ".join(f"WHEN '{kind}' THEN '{category}'" for kind, category in _CATEGORIES.items())
    + " ELSE 'Usage' END"
)
_ALIKE = {
    "day": "line_item_usage_start_date::DATE",
    "account": "line_item_usage_account_id",
    "region": "product_region_code",
    "category": _CATEGORY,
    "usage_type": "line_item_usage_type",
    "currency": "line_item_currency_code",
}
_IN_MAPS = {"service": ("product", "product_name"), "team": ("resource_tags", "user_team")}


def sql(files: Sequence[str], *, without: str = "") -> str:
    """The daily facts, less one column by which they are told apart."""
    is_csv = files[0].endswith(".csv.gz")
    entry = "json_extract_string({}, '$.{}')" if is_csv else "{}['{}']"
    columns = {**_ALIKE, **{name: entry.format(*where) for name, where in _IN_MAPS.items()}}
    keys = ", ".join(f"{value} AS {name}" for name, value in columns.items() if name != without)
    read = "read_csv" if is_csv else "read_parquet"
    return (
        f"SELECT {keys}, sum(line_item_unblended_cost) AS billed, sum({_EFFECTIVE}) AS effective, "
        f"count(*) AS lines FROM {read}({list(files)}) GROUP BY ALL"
    )


def by_duckdb(files: Sequence[str]) -> tuple[int, int, float, float]:
    """Kept as a table, as whoever goes on with them would."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"CREATE TEMPORARY TABLE facts AS {sql(files)}")
    rows = con.execute("SELECT count(*), sum(lines), sum(billed), sum(effective) FROM facts").fetchall()
    return rows[0]


def by_pandas(files: Sequence[str]) -> tuple[int, int, float, float]:
    """The same, file by file in memory."""
    import numpy as np
    import pandas as pd

    plain = ["line_item_usage_account_id", "product_region_code", "line_item_usage_type"]
    plain += ["line_item_currency_code", "line_item_line_item_type", "line_item_unblended_cost"]
    other = ["line_item_usage_start_date", "product", "resource_tags"]
    amortised = [
        "savings_plan_savings_plan_effective_cost",
        "savings_plan_total_commitment_to_date",
        "savings_plan_used_commitment",
        "reservation_effective_cost",
        "reservation_unused_amortized_upfront_fee_for_billing_period",
        "reservation_unused_recurring_fee",
    ]
    parts = []
    for file in files:
        lines = pd.read_parquet(file, columns=[*plain, *other, *amortised])
        kind = lines["line_item_line_item_type"]
        covered, committed, used, reserved, unused_upfront, unused_recurring = (
            lines[column] for column in amortised
        )
        cost = {
            "SavingsPlanCoveredUsage": covered,
            "SavingsPlanRecurringFee": committed - used,
            "DiscountedUsage": reserved,
            "RIFee": unused_upfront + unused_recurring,
            "SavingsPlanNegation": covered * 0,
        }
        facts = lines[plain[:4]].assign(
            day=lines["line_item_usage_start_date"].dt.date,
            category=kind.map(_CATEGORIES).fillna("Usage"),
            service=[dict(product).get("product_name", "") for product in lines["product"]],
            team=[dict(tags).get("user_team", "") for tags in lines["resource_tags"]],
            billed=lines["line_item_unblended_cost"],
            effective=np.select(
                [kind == name for name in cost], [*cost.values()], lines["line_item_unblended_cost"]
            ),
            lines=1,
        )
        parts.append(facts)
    every = pd.concat(parts)
    summed = ["billed", "effective", "lines"]
    facts = every.groupby([column for column in every.columns if column not in summed], dropna=False)[summed]
    totals = facts.sum()
    return len(totals), int(totals["lines"].sum()), totals["billed"].sum(), totals["effective"].sum()


if __name__ == "__main__":
    print(json.dumps({"duckdb": by_duckdb, "pandas": by_pandas}[sys.argv[1]](sys.argv[2:])))

"""AWS cost reports written by hand, the same lines in each of their forms."""

import csv
import gzip
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Row = Mapping[str, object]

DEFAULTS: Row = {
    "bill_billing_entity": "AWS",
    "bill_billing_period_end_date": "2026-11-01T00:00:00Z",
    "bill_billing_period_start_date": "2026-10-01T00:00:00Z",
    "bill_invoice_id": "",
    "bill_invoicing_entity": "Amazon Web Services, Inc.",
    "bill_payer_account_id": "900000000001",
    "line_item_currency_code": "USD",
    "line_item_line_item_description": "",
    "line_item_line_item_type": "Usage",
    "line_item_net_unblended_cost": "",
    "line_item_operation": "RunInstances",
    "line_item_product_code": "AmazonEC2",
    "line_item_resource_id": "i-0a1b2c3d",
    "line_item_unblended_cost": "1.5",
    "line_item_usage_account_id": "100000000001",
    "line_item_usage_amount": "1",
    "line_item_usage_end_date": "2026-10-01T01:00:00Z",
    "line_item_usage_start_date": "2026-10-01T00:00:00Z",
    "line_item_usage_type": "BoxUsage:m5.large",
    "pricing_public_on_demand_cost": "2",
    "pricing_unit": "Hrs",
    "product": {"product_name": "Amazon Elastic Compute Cloud"},
    "product_region_code": "eu-west-1",
    "reservation_effective_cost": "",
    "reservation_end_time": "",
    "reservation_net_effective_cost": "",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period": "",
    "reservation_net_unused_recurring_fee": "",
    "reservation_reservation_a_r_n": "",
    "reservation_start_time": "",
    "reservation_unused_amortized_upfront_fee_for_billing_period": "",
    "reservation_unused_recurring_fee": "",
    "resource_tags": {},
    "cost_category": {},
    "savings_plan_end_time": "",
    "savings_plan_net_savings_plan_effective_cost": "",
    "savings_plan_savings_plan_a_r_n": "",
    "savings_plan_savings_plan_effective_cost": "",
    "savings_plan_start_time": "",
    "savings_plan_total_commitment_to_date": "",
    "savings_plan_used_commitment": "",
    "split_line_item_parent_resource_id": "",
    "split_line_item_split_cost": "",
    "split_line_item_unused_cost": "",
}
MAPS = ("product", "resource_tags", "cost_category")
_NUMBERS = ("_amount", "_cost", "_commitment", "_to_date", "_fee", "_fee_for_billing_period")


def line(**columns: object) -> Row:
    """The default line with other values."""
    unknown = columns.keys() - DEFAULTS.keys()
    assert not unknown, unknown
    return {**DEFAULTS, **columns}


def usage(team: str, cost: object, day: int = 1, **columns: object) -> Row:
    """Usage of one day of October 2026 with a team's tag."""
    return line(
        resource_tags={"user_team": team} if team else {},
        line_item_unblended_cost=str(cost),
        line_item_usage_start_date=f"2026-10-{day:02d}T00:00:00Z",
        line_item_usage_end_date=f"2026-10-{day:02d}T01:00:00Z",
        **columns,
    )


def cur2_parquet(path: Path, lines: Sequence[Row]) -> Path:
    """CUR 2.0 with the types AWS gives it: doubles, timestamps, maps."""
    columns = {}
    for name in lines[0]:
        values = [row[name] for row in lines]
        if name in MAPS:
            pairs = [list(dict(value).items()) for value in values]  # type: ignore[call-overload]
            columns[name] = pa.array(pairs, pa.map_(pa.string(), pa.string()))
        elif name.endswith(_NUMBERS):
            columns[name] = pa.array([None if v == "" else float(str(v)) for v in values], pa.float64())
        elif name.endswith("_date"):
            instants = [datetime.fromisoformat(str(value)).replace(tzinfo=None) for value in values]
            columns[name] = pa.array(instants, pa.timestamp("ms"))
        else:
            columns[name] = pa.array([None if value == "" else value for value in values], pa.string())
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def cur2_csv(path: Path, lines: Sequence[Row]) -> Path:
    """CUR 2.0 as CSV.gz: maps are JSON."""
    flat = [
        {name: json.dumps(value) if name in MAPS else value for name, value in row.items()} for row in lines
    ]
    return _csv_file(path, flat)


def legacy_csv(path: Path, lines: Sequence[Row]) -> Path:
    """The legacy report as CSV, packed as its name says: ``lineItem/UsageType``, a column for each tag."""
    return _csv_file(path, _legacy(lines, slashed))


def legacy_parquet(path: Path, lines: Sequence[Row]) -> Path:
    """The legacy report as Parquet: ``line_item_usage_type``, all text but costs and dates."""
    return cur2_parquet(path, _legacy(lines, lambda name: name))


FORMS: Mapping[str, tuple[str, Callable[[Path, Sequence[Row]], Path]]] = {
    "CUR 2.0 as Parquet": ("bill.parquet", cur2_parquet),
    "CUR 2.0 as CSV.gz": ("bill.csv.gz", cur2_csv),
    "legacy CUR as CSV": ("bill.csv", legacy_csv),
    "legacy CUR as CSV.gz": ("bill.csv.gz", legacy_csv),
    "legacy CUR as zip": ("bill.csv.zip", legacy_csv),
    "legacy CUR as Parquet": ("bill.snappy.parquet", legacy_parquet),
}


def slashed(name: str) -> str:
    """A column of the legacy Parquet as its CSV has it."""
    for group, spelt in {
        "bill": "bill",
        "line_item": "lineItem",
        "pricing": "pricing",
        "product": "product",
        "reservation": "reservation",
        "savings_plan": "savingsPlan",
        "split_line_item": "splitLineItem",
        "resource_tags": "resourceTags",
        "cost_category": "costCategory",
    }.items():
        if name.startswith(f"{group}_"):
            rest = name.removeprefix(f"{group}_")
            if group == "resource_tags":
                return f"resourceTags/user:{rest.removeprefix('user_').title()}"
            return f"{spelt}/" + "".join(word.title() for word in rest.split("_"))
    return name


def _legacy(lines: Sequence[Row], spelt: Callable[[str], str]) -> list[Row]:
    keys = {name: sorted({key for row in lines for key in dict(row[name])}) for name in MAPS}  # type: ignore[call-overload]
    flat = []
    for row in lines:
        values = {name: value for name, value in row.items() if name not in MAPS}
        for name in MAPS:
            prefix = "product_" if name == "product" else f"{name}_"
            values |= {prefix + key: dict(row[name]).get(key, "") for key in keys[name]}  # type: ignore[call-overload]
        flat.append({spelt(name): value for name, value in values.items()})
    return flat


def _csv_file(path: Path, lines: Sequence[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.with_suffix("")
    with plain.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    content = plain.read_bytes()
    plain.unlink()
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(path.stem, content)
        return path
    path.write_bytes(content)
    return path

"""FOCUS bills written by hand: every mandatory column has a default, a test names what matters to it."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DEFAULTS: Mapping[str, str] = {
    "BilledCost": "1.5",
    "BillingAccountId": "900000000001",
    "BillingAccountName": "Acme",
    "BillingCurrency": "USD",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargeDescription": "",
    "ChargePeriodEnd": "2026-10-02T00:00:00Z",
    "ChargePeriodStart": "2026-10-01T00:00:00Z",
    "ContractedCost": "1.5",
    "EffectiveCost": "1.25",
    "InvoiceIssuerName": "AWS",
    "ListCost": "2",
    "PricingQuantity": "1",
    "PricingUnit": "Hours",
    "ProviderName": "AWS",
    "PublisherName": "AWS",
    "ServiceCategory": "Compute",
    "ServiceName": "Amazon Elastic Compute Cloud",
    "SubAccountId": "100000000001",
    "SubAccountName": "prod",
    "RegionId": "eu-west-1",
    "Tags": "",
}
Line = Mapping[str, str]


def line(**columns: str) -> dict[str, str]:
    """The default line with other values."""
    return {**DEFAULTS, **columns}


def on_day(day: int, **columns: str) -> dict[str, str]:
    """A line of one day of October 2026."""
    return line(
        ChargePeriodStart=f"2026-10-{day:02d}T00:00:00Z",
        ChargePeriodEnd=f"2026-10-{day:02d}T12:00:00Z",
        **columns,
    )


def tags(**pairs: str) -> str:
    """A Tags value."""
    return json.dumps(pairs)


def as_csv(lines: Sequence[Line], **dialect: str) -> str:
    """The lines as CSV text; the columns are those of the first line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator=dialect.get("lineterminator", "\n"))
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def write_csv(path: Path, lines: Sequence[Line]) -> Path:
    """A CSV file, gzipped if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = as_csv(lines).encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def write_parquet(path: Path, lines: Sequence[Line]) -> Path:
    """A Parquet file with the types AWS gives: doubles, timestamps, a map of tags."""
    columns = {}
    for name in lines[0]:
        values = [row[name] or None for row in lines]
        if name.endswith("Cost"):
            columns[name] = pa.array(
                [None if value is None else float(value) for value in values], pa.float64()
            )
        elif name.endswith(("Start", "End")):
            instants = pa.array([value and value.removesuffix("Z") for value in values]).cast(
                pa.timestamp("ms")
            )
            columns[name] = instants
        elif name == "Tags":
            pairs = [None if value is None else list(json.loads(value).items()) for value in values]
            columns[name] = pa.array(pairs, pa.map_(pa.string(), pa.string()))
        else:
            columns[name] = pa.array(values, pa.string())
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def write_delivery(
    root: Path, month: str, lines: Sequence[Line], *, parts: int = 1, name: str = "export"
) -> Path:
    """One billing period as AWS Data Exports delivers it, the manifest last. Returns the manifest."""
    keys = []
    for part in range(parts):
        key = f"data/BILLING_PERIOD={month}/{name}-{part + 1:05d}.snappy.parquet"
        write_parquet(root / key, lines[part::parts])
        keys.append(f"s3://acme-billing/focus/{name}/{key}")
    manifest = root / f"metadata/BILLING_PERIOD={month}/{name}-Manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(
        json.dumps({"dataFiles": keys, "exportArn": f"arn:aws:bcm-data-exports:::export/{name}"})
    )
    return manifest


def every_day(amount: str = "1") -> list[Line]:
    """A line of that cost on each day of October 2026."""
    return [on_day(day, BilledCost=amount, EffectiveCost=amount) for day in range(1, 32)]


MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10")


def of_month(month: str, **columns: str) -> dict[str, str]:
    """A line of the first day of a month and of its billing period."""
    year, number = month.split("-")
    period = {
        "BillingPeriodStart": f"{month}-01T00:00:00Z",
        "BillingPeriodEnd": f"{year}-{int(number) + 1:02d}-01T00:00:00Z",
        "ChargePeriodStart": f"{month}-01T00:00:00Z",
        "ChargePeriodEnd": f"{month}-02T00:00:00Z",
    }
    return line(**{**period, **columns})

"""Deliveries of the bill, in the layout of AWS Data Exports with overwriting, and of all that is measured.

https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html
"""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from costwatch.demo.bill import next_month
from costwatch.demo.clusters import CLUSTERS
from costwatch.demo.company import ACCOUNTS, PAYER
from costwatch.demo.focus import Lines
from costwatch.demo.measures import CompanyMeasures
from costwatch.demo.releases import lines, releases
from costwatch.demo.slo_series import CompanySlos
from costwatch.demo.stories import CompanyPlan
from costwatch.demo.usage import ClusterUsage
from costwatch.model import midnight

EXPORT = "demo-focus-1-2"
LOCATION = "export"  # the folder, beside costwatch.yaml, that stands for the prefix in the bucket
USAGE, MEASURES, SLIS = "usage", "measures", "slis"  # beside it
RELEASES = "releases.jsonl"
BUCKET_PREFIX = f"s3://demo-billing-{ACCOUNTS[PAYER]}/focus/{EXPORT}"
LINES_IN_ONE_FILE = 10_000  # a period with more comes in two files


@dataclass(frozen=True, slots=True)
class Round:
    """One delivery: what ``write`` puts into a folder is what would have been delivered by ``now``."""

    now: datetime
    write: Callable[[Path], None]


def rounds(plan: CompanyPlan) -> list[Round]:
    """The deliveries to collect one after the other, oldest first; the last one's ``now`` is the plan's.

    The first brings every period, up to when the runaway day has settled; the second comes when the
    restated day has settled, with its first figure; the third restates it. The later ones write only
    periods that changed. What is measured comes with the first one that is after its day.
    """
    first, final = Lines(plan.first_bill), Lines(plan.bill)
    measured = [ClusterUsage(plan, cluster) for cluster in CLUSTERS], CompanyMeasures(plan), CompanySlos(plan)
    released = releases(plan, measured[-1])
    ends = [plan.monday + timedelta(days=4), plan.monday + timedelta(days=5), plan.now.date()]
    starts = [plan.measured_since, *ends[:-1]]
    changed = [plan.bill.first, ends[0], plan.restated_day]
    return [
        Round(
            midnight(end),
            partial(
                _deliver_all,
                partial(_deliver, bill, _periods(since, end), end),
                *measured,
                lines(released, midnight(end)),
                start,
                end,
            ),
        )
        for bill, since, start, end in zip((first, first, final), changed, starts, ends, strict=True)
    ]


def _deliver_all(
    deliver_bill: Callable[[Path], None],
    usage: Sequence[ClusterUsage],
    measures: CompanyMeasures,
    slos: CompanySlos,
    released: str,
    first: date,
    after: date,
    folder: Path,
) -> None:
    deliver_bill(folder)
    (folder / RELEASES).write_text(released, encoding="utf-8")
    for name in (MEASURES, SLIS):
        (folder / name).mkdir(exist_ok=True)
    for number in range((after - first).days):
        day = first + timedelta(days=number)
        _deliver_usage(usage, day, folder / USAGE)
        pq.write_table(measures.table(day), folder / MEASURES / f"{day}.parquet")
        pq.write_table(slos.table(day), folder / SLIS / f"{day}.parquet")


def _deliver_usage(usage: Sequence[ClusterUsage], day: date, folder: Path) -> None:
    """One file for each table, with what all clusters tell of the day."""
    for of_clusters in zip(*(each.tables(day) for each in usage), strict=True):
        (table, _), *_ = of_clusters
        path = folder / table.name / f"{day}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.concat_tables(rows for _, rows in of_clusters), path)


def _periods(first: date, after: date) -> list[date]:
    """The months that hold days from ``first`` up to, not including, ``after``."""
    months = [first.replace(day=1)]
    while (month := next_month(months[-1])) < after:
        months.append(month)
    return months


def _deliver(lines: Lines, periods: list[date], after: date, folder: Path) -> None:
    for period in periods:
        _write_period(folder / LOCATION, period, lines.table(period, after), after)


def _write_period(export: Path, period: date, table: pa.Table, after: date) -> None:
    partition = f"BILLING_PERIOD={period:%Y-%m}"
    data, metadata = export / "data" / partition, export / "metadata" / partition
    data.mkdir(parents=True, exist_ok=True)
    metadata.mkdir(parents=True, exist_ok=True)
    half = len(table) // 2
    parts = [table] if len(table) <= LINES_IN_ONE_FILE else [table[:half], table[half:]]
    names = [f"{EXPORT}-{number:05}.snappy.parquet" for number in range(1, len(parts) + 1)]
    for name, part in zip(names, parts, strict=True):
        # Without the Arrow schema readers see Parquet's own types, as in files that AWS writes.
        pq.write_table(part, data / f".{name}", compression="snappy", store_schema=False)
        (data / f".{name}").replace(data / name)
    files = [f"{BUCKET_PREFIX}/data/{partition}/{name}" for name in names]
    manifest = _manifest(period, table.schema, files, after)
    path = metadata / f"{EXPORT}-Manifest.json"
    hidden = path.with_name(f".{path.name}")
    hidden.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    hidden.replace(path)
    for old in set(data.glob(f"{EXPORT}-*.parquet")) - {data / name for name in names}:
        old.unlink()


def _manifest(period: date, schema: pa.Schema, files: list[str], after: date) -> dict[str, Any]:
    arn = f"arn:aws:bcm-data-exports:us-east-1:{ACCOUNTS[PAYER]}:export/{EXPORT}"
    period_end = next_month(period)
    return {
        "executionId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{arn}/{period:%Y-%m}/{after}")),
        "account": ACCOUNTS[PAYER],
        "columns": [{"name": field.name, "type": _type_name(field.type)} for field in schema],
        "charset": "UTF-8",
        "compression": "PARQUET",
        "contentType": "application/parquet",
        "reportName": EXPORT,
        "exportName": EXPORT,
        "exportArn": arn,
        "billingPeriod": {"start": f"{period}T00:00:00.000Z", "end": f"{period_end}T00:00:00.000Z"},
        "dataFiles": files,
    }


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "timestamp_milliseconds"
    if pa.types.is_map(kind):
        return "map<string,string>"
    return "double" if pa.types.is_floating(kind) else "string"

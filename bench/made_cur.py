"""A made-up AWS bill of any size: CUR 2.0 as Data Exports delivers it, in Parquet or in gzipped CSV.

Seeded: as many lines are the same bill. Memory does not grow with it. It is skewed as a large company's
bill is: few resources, services and accounts make most of the lines.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

MONTH = "2026-10"
LINES_PER_FILE = 1_000_000
TEAMS = [f"team-{number:02d}" for number in range(40)]
ACCOUNTS = [f"{100_000_000_000 + 7_919 * number}" for number in range(60)]
SERVICES = [
    *("AmazonEC2", "AmazonS3", "AmazonRDS", "AmazonVPC", "AWSLambda", "AmazonCloudWatch", "AWSELB"),
    *("AmazonDynamoDB", "AmazonEKS", "awskms", "AmazonECR", "AmazonMSK", "AmazonElastiCache", "AmazonES"),
    *(f"AmazonService{number:02d}" for number in range(14, 80)),
]
REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", "sa-east-1"]
USAGE_TYPES = 300
RESOURCES = 200_000

_START, _END = datetime(2026, 10, 1), datetime(2026, 11, 1)  # noqa: DTZ001 - as AWS writes it, without a zone
_HOURS = int((_END - _START) / timedelta(hours=1))
_AT_ONCE = 250_000  # a row group
_ID_LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
_ID_LENGTH = 52

# Line types and their shares. EC2 alone has reservations and plans: elsewhere such a line is one of usage.
_LINE_TYPES = {
    "Usage": 0.68,
    "SavingsPlanCoveredUsage": 0.2,
    "DiscountedUsage": 0.08,
    "SavingsPlanNegation": 0.034,
    "SavingsPlanRecurringFee": 0.002,
    "RIFee": 0.0004,
    "Credit": 0.003,
    "Tax": 0.0006,
}
_USAGE, _COVERED, _DISCOUNTED, _NEGATION, _PLAN_FEE, _RESERVATION_FEE, _CREDIT, _TAX = range(len(_LINE_TYPES))
_EC2_ONLY = (_COVERED, _DISCOUNTED, _NEGATION, _PLAN_FEE, _RESERVATION_FEE)
_OF_RESOURCES = (_USAGE, _COVERED, _DISCOUNTED)
_MONTHLY = (_RESERVATION_FEE, _TAX)


def write_parquet(root: Path, lines: int) -> None:
    """A delivery below ``root``: snappy Parquet of a million lines a file, the manifest last."""

    def write(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
        first = next(batches)
        with pq.ParquetWriter(path, first.schema, compression="snappy", store_schema=False) as writer:
            writer.write_batch(first, LINES_PER_FILE)
            for batch in batches:
                writer.write_batch(batch, LINES_PER_FILE)

    _deliver(root, lines, "snappy.parquet", write, Company(as_text=False))


def write_csv(root: Path, lines: int) -> None:
    """The same lines as CSV.gz: maps as JSON, instants as ISO 8601."""

    def write(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
        with gzip.open(path, "wb", compresslevel=6) as file:
            for number, batch in enumerate(batches):
                options = pa.csv.WriteOptions(include_header=number == 0)
                pa.csv.write_csv(pa.table([*map(_plain, batch)], batch.schema.names), file, options)

    _deliver(root, lines, "csv.gz", write, Company(as_text=True))


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _deliver(
    root: Path,
    lines: int,
    suffix: str,
    write: Callable[[Path, Iterator[pa.RecordBatch]], None],
    company: "Company",
) -> None:
    keys = []
    for part, first in enumerate(range(0, lines, LINES_PER_FILE)):
        keys.append(f"data/BILLING_PERIOD={MONTH}/made-{part + 1:05d}.{suffix}")
        path = root / keys[-1]
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng((2, part))
        wanted = min(LINES_PER_FILE, lines - first)
        write(path, (company.lines(rng, min(_AT_ONCE, wanted - done)) for done in range(0, wanted, _AT_ONCE)))
    manifest = root / f"metadata/BILLING_PERIOD={MONTH}/made-Manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    named = {"dataFiles": [f"s3://made/bill/{key}" for key in keys]}
    manifest.write_text(json.dumps(named, indent=1), encoding="utf-8")


class Company:
    """Its resources, each of one account, service, region and team, with a usage type or two."""

    def __init__(self, *, as_text: bool) -> None:
        rng = np.random.default_rng(1)
        self.as_text = as_text
        self.likely = np.cumsum(_zipf(RESOURCES, 0.5))
        self.account = rng.choice(len(ACCOUNTS), RESOURCES, p=_zipf(len(ACCOUNTS), 0.7))
        self.service = rng.choice(len(SERVICES), RESOURCES, p=_zipf(len(SERVICES), 1.0))
        self.region = rng.choice(len(REGIONS), RESOURCES, p=_zipf(len(REGIONS), 1.2))
        # An account is mostly one team's; one resource in eight has no tag that says whose it is.
        anyone = rng.choice(len(TEAMS), RESOURCES, p=_zipf(len(TEAMS), 0.6))
        team = np.where(rng.random(RESOURCES) < 0.75, self.account % len(TEAMS), anyone)
        team = np.where(rng.random(RESOURCES) < 0.125, len(TEAMS), team)
        self.label = 1 + team * 8 + rng.integers(0, 8, RESOURCES)
        self.usage_type, service_of = _usage_types(self.service, rng)
        # Half of the resources are there all month, the others for hours or days.
        self.life = np.where(rng.random(RESOURCES) < 0.5, _HOURS, 1 + rng.integers(0, 72, RESOURCES))
        self.born = np.floor(rng.random(RESOURCES) * (_HOURS - self.life + 1)).astype(np.int64)
        self.rate = np.round(rng.lognormal(-4, 2, USAGE_TYPES), 6)

        self.ids = pa.array(
            f"arn:aws:{SERVICES[service].lower()}:{REGIONS[region]}:{ACCOUNTS[account]}:made/{number:017x}"
            for number, (service, region, account) in enumerate(
                zip(self.service, self.region, self.account, strict=True)
            )
        )
        tags = [
            {
                **({"user_team": TEAMS[team]} if team < len(TEAMS) else {}),
                "user_service": f"application-{team}-{application}",
                "user_env": "staging" if application % 4 == 0 else "prod",
                "aws_created_by": f"AssumedRole:deploy-{application}",
            }
            for team in range(len(TEAMS) + 1)
            for application in range(8)
        ]
        self.tags = self._maps([{}, *tags])
        self.categories = self._maps({"unit": f"unit-{number}", "stage": "any"} for number in range(9))
        self.discounts = self._maps([{}, {"bundled": "0.0", "private": "0.03"}])
        self.products = self._maps(
            {
                "product_name": f"{SERVICES[service]} by name",
                "operating_system": "Linux" if number % 3 else "NA",
                "group": f"group-{number % 17}",
                "tenancy": "Shared",
            }
            for number, service in enumerate(service_of)
        )
        hours = [_START + timedelta(hours=hour) for hour in range(_HOURS + 1)]
        stamps = [f"{hour:%Y-%m-%dT%H:%M:%SZ}" for hour in hours]
        self.instants = pa.array(stamps) if as_text else pa.array(hours, pa.timestamp("ms"))
        self.intervals = [*map("/".join, pairwise(stamps)), f"{stamps[0]}/{stamps[-1]}"]

    def _maps(self, values: Iterable[Mapping[str, str]]) -> pa.Array:
        if self.as_text:
            return pa.array(map(json.dumps, values))
        return pa.array((list(value.items()) for value in values), pa.map_(pa.string(), pa.string()))

    def lines(self, rng: np.random.Generator, count: int) -> pa.RecordBatch:
        """So many lines of the bill, in no order."""
        resource = np.searchsorted(self.likely, rng.random(count))
        kind = rng.choice(len(_LINE_TYPES), count, p=[*_LINE_TYPES.values()])
        kind[np.isin(kind, _EC2_ONLY) & (self.service[resource] != 0)] = _USAGE
        usage = self.usage_type[resource, rng.integers(0, self.usage_type.shape[1], count)]
        hour = self.born[resource] + np.floor(rng.random(count) * self.life[resource]).astype(np.int64)
        monthly, owned = np.isin(kind, _MONTHLY), np.isin(kind, _OF_RESOURCES)
        start, end = np.where(monthly, 0, hour), np.where(monthly, _HOURS, hour + 1)
        amount = np.where(usage % 2, 1.0, np.round(rng.exponential(20, count), 6))
        on_demand = np.round(amount * self.rate[usage], 10)
        billed = np.select(
            [kind == _DISCOUNTED, np.isin(kind, (_NEGATION, _CREDIT))], [0.0, -on_demand], on_demand
        )
        account, region = self.account[resource], self.region[resource]
        rates = [f"{rate:.10f}" for rate in self.rate]
        nothing = np.zeros(count, np.int64)

        def only(of: int, values: np.ndarray) -> pa.Array:
            return pa.array(np.where(kind == of, np.round(values, 10), 0.0))

        columns = {
            "bill_bill_type": _chosen(["Anniversary"], nothing),
            "bill_billing_entity": _chosen(["AWS"], nothing),
            "bill_billing_period_end_date": self.instants.take(pa.array(nothing + _HOURS)),
            "bill_billing_period_start_date": self.instants.take(pa.array(nothing)),
            "bill_invoice_id": _chosen(["1234567890", "1234567891"], (kind == _TAX).astype(np.int64)),
            "bill_invoicing_entity": _chosen(["Amazon Web Services, Inc."], nothing),
            "bill_payer_account_id": _chosen(["900000000001"], nothing),
            "cost_category": self.categories.take(pa.array(account % len(self.categories))),
            "discount": self.discounts.take(pa.array((resource % 10 == 0).astype(np.int64))),
            "identity_line_item_id": _random_ids(rng, count),
            "identity_time_interval": _chosen(self.intervals, np.where(monthly, _HOURS, hour)),
            "line_item_availability_zone": _chosen([f"{region}a" for region in REGIONS], region, known=owned),
            "line_item_blended_cost": pa.array(billed),
            "line_item_blended_rate": _chosen(rates, usage),
            "line_item_currency_code": _chosen(["USD"], nothing),
            "line_item_legal_entity": _chosen(["Amazon Web Services, Inc."], nothing),
            "line_item_line_item_description": _chosen(
                [f"${rate} per unit of usage type {number}" for number, rate in enumerate(rates)], usage
            ),
            "line_item_line_item_type": _chosen(_LINE_TYPES, kind),
            "line_item_operation": _chosen([f"Operation{number:02d}" for number in range(40)], usage % 40),
            "line_item_product_code": _chosen(SERVICES, self.service[resource]),
            "line_item_resource_id": self.ids.take(pa.array(resource, mask=~owned)),
            "line_item_tax_type": _chosen(["VAT"], nothing, known=kind == _TAX),
            "line_item_unblended_cost": pa.array(billed),
            "line_item_unblended_rate": _chosen(rates, usage),
            "line_item_usage_account_id": _chosen(ACCOUNTS, account),
            "line_item_usage_account_name": _chosen([f"account {name}" for name in ACCOUNTS], account),
            "line_item_usage_amount": pa.array(amount),
            "line_item_usage_end_date": self.instants.take(pa.array(end)),
            "line_item_usage_start_date": self.instants.take(pa.array(start)),
            "line_item_usage_type": _chosen(
                [f"Usage:type-{number:03d}" for number in range(USAGE_TYPES)], usage
            ),
            "pricing_public_on_demand_cost": pa.array(on_demand),
            "pricing_public_on_demand_rate": _chosen(rates, usage),
            "pricing_term": _chosen(["OnDemand", "Reserved"], (kind == _DISCOUNTED).astype(np.int64)),
            "pricing_unit": _chosen(["GB", "Hrs"], usage % 2),
            "product": self.products.take(pa.array(usage)),
            "product_product_family": _chosen([f"Family {number}" for number in range(20)], usage % 20),
            "product_region_code": _chosen(REGIONS, region),
            "product_servicecode": _chosen(SERVICES, self.service[resource]),
            "product_sku": _chosen([f"SKU{number:013d}" for number in range(USAGE_TYPES)], usage),
            "reservation_effective_cost": only(_DISCOUNTED, on_demand * 0.6),
            "reservation_reservation_a_r_n": _chosen(
                [f"arn:aws:ec2:us-east-1:{account}:reserved-instances/made" for account in ACCOUNTS],
                account,
                known=np.isin(kind, (_DISCOUNTED, _RESERVATION_FEE)),
            ),
            "reservation_unused_amortized_upfront_fee_for_billing_period": only(
                _RESERVATION_FEE, on_demand * 0.1
            ),
            "reservation_unused_recurring_fee": only(_RESERVATION_FEE, on_demand * 0.05),
            "resource_tags": self.tags.take(pa.array(np.where(owned, self.label[resource], 0))),
            "savings_plan_savings_plan_a_r_n": _chosen(
                [f"arn:aws:savingsplans::{account}:savingsplan/made" for account in ACCOUNTS],
                account,
                known=np.isin(kind, (_COVERED, _NEGATION, _PLAN_FEE)),
            ),
            "savings_plan_savings_plan_effective_cost": only(_COVERED, on_demand * 0.72),
            "savings_plan_total_commitment_to_date": only(_PLAN_FEE, on_demand),
            "savings_plan_used_commitment": only(_PLAN_FEE, on_demand * 0.97),
        }
        return pa.RecordBatch.from_pydict(columns)


def _zipf(count: int, exponent: float) -> np.ndarray:
    """Shares of ``count`` things, the first the largest."""
    weights = np.arange(1, count + 1) ** -exponent
    return weights / weights.sum()


def _usage_types(service: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """For each resource four usage types of its service, three times the same; and whose each type is."""
    many = 1 + np.floor(_zipf(len(SERVICES), 1.0) * (USAGE_TYPES - len(SERVICES))).astype(np.int64)
    many[0] += USAGE_TYPES - many.sum()
    # Log-uniform: the first types of a service are the usual ones.
    ranks = np.floor((many[service] + 1) ** rng.random((2, len(service)))).astype(np.int64) - 1
    main, other = np.cumsum(many)[service] - many[service] + ranks
    return np.stack([main, main, main, other], axis=1), np.repeat(np.arange(len(SERVICES)), many)


def _chosen(values: Iterable[str], which: np.ndarray, *, known: np.ndarray | None = None) -> pa.Array:
    indices = pa.array(which, pa.int32(), mask=None if known is None else ~known)
    return pa.DictionaryArray.from_arrays(indices, pa.array(values, pa.string()))


def _random_ids(rng: np.random.Generator, count: int) -> pa.Array:
    letters = _ID_LETTERS[rng.integers(0, len(_ID_LETTERS), count * _ID_LENGTH, np.uint8)]
    offsets = np.arange(0, (count + 1) * _ID_LENGTH, _ID_LENGTH, np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(letters))

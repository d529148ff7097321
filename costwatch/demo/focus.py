"""A bill as FOCUS 1.2 lines, in the columns and types in which AWS Data Exports delivers them."""

import hashlib
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from costwatch.demo.bill import CURRENCY, DemoBill, next_month
from costwatch.demo.company import ACCOUNTS, PAYER
from costwatch.demo.items import Item
from costwatch.model import midnight
from costwatch.money import NANO

_TIME = pa.timestamp("us", tz="UTC")
_TAGS = pa.map_(pa.string(), pa.string())
_REGIONS = {
    "us-east-1": ("US East (N. Virginia)", ""),
    "eu-west-1": ("EU (Ireland)", "EUW1-"),
}  # name, and what AWS puts before usage types


class Lines:
    """The lines of a bill, one billing period at a time."""

    def __init__(self, bill: DemoBill) -> None:
        items = bill.items
        self._bill = bill
        constants = [_constants(item) for item in items]
        self._constants = pa.table(
            {name: pa.array([line[name] for line in constants], pa.string()) for name in constants[0]}
            | {"Tags": pa.array([item.tags for item in items], _TAGS)}
        )
        self._monthly = np.array([item.monthly for item in items])
        self._metered = np.array([item.metered for item in items])
        self._priced = np.array([item.meter.unit != "" for item in items])
        self._price = np.array([item.meter.price for item in items])
        self._rate = np.array(
            [1 - item.commitment.discount if item.commitment and item.covered else 1.0 for item in items]
        )

    def table(self, period: date, after: date) -> pa.Table:
        """The lines of the month that starts on ``period``, of the days before ``after``.

        Sorted by day; costs are float64, the nearest to a whole number of nano-dollars.
        """
        bill, period_end = self._bill, next_month(period)
        start = max(bill.row(period), 0)
        end = min(bill.row(period_end), bill.row(after), len(bill.billed))
        days, items = np.nonzero((bill.billed[start:end] != 0) | (bill.effective[start:end] != 0))
        days += start
        midnights = np.datetime64(bill.first, "us") + days * np.timedelta64(1, "D")
        ends = np.where(
            self._monthly[items], np.datetime64(period_end, "us"), midnights + np.timedelta64(1, "D")
        )
        invoice = f"{period:%Y%m}{ACCOUNTS[PAYER][-4:]}" if period_end <= bill.invoiced_before else None
        constants = self._constants.take(pa.array(items))
        columns = {
            **dict(zip(constants.column_names, constants.columns, strict=True)),
            **self._amounts(bill.billed[days, items], bill.effective[days, items], items),
            "BillingPeriodStart": pa.repeat(pa.scalar(midnight(period), _TIME), len(items)),
            "BillingPeriodEnd": pa.repeat(pa.scalar(midnight(period_end), _TIME), len(items)),
            "ChargePeriodStart": pa.array(midnights).cast(_TIME),
            "ChargePeriodEnd": pa.array(ends).cast(_TIME),
            "InvoiceId": pa.repeat(pa.scalar(invoice, pa.string()), len(items)),
        }
        return pa.table({name: columns[name] for name in sorted(columns)})

    def _amounts(
        self, billed: NDArray[np.int64], effective: NDArray[np.int64], items: NDArray[np.intp]
    ) -> dict[str, pa.Array]:
        rate, price = self._rate[items], self._price[items]
        # What a commitment covers costs a part of its list price.
        listed = np.where(rate < 1, np.rint(effective / rate), billed) / NANO
        quantity = np.divide(listed, price, out=np.ones_like(listed), where=price > 0).round(6)
        return {
            "BilledCost": pa.array(billed / NANO),
            "EffectiveCost": pa.array(effective / NANO),
            "ListCost": pa.array(listed),
            "ContractedCost": pa.array(listed),
            "PricingQuantity": pa.array(quantity, mask=~self._priced[items]),
            "ConsumedQuantity": pa.array(quantity, mask=~self._metered[items]),
        }


def _constants(item: Item) -> dict[str, str | None]:
    meter, commitment = item.meter, item.commitment
    region, prefix = _REGIONS[item.region]
    usage_type = f"{prefix}{meter.usage_type}"
    line: dict[str, str | None] = {
        "BillingAccountId": ACCOUNTS[PAYER],
        "BillingAccountName": PAYER,
        "BillingCurrency": CURRENCY,
        "ChargeCategory": meter.charge,
        "ChargeClass": None,  # no line corrects an invoiced period
        "ChargeDescription": _description(item, usage_type),
        "ChargeFrequency": item.frequency,
        "CommitmentDiscountCategory": commitment.category if commitment else None,
        "CommitmentDiscountId": commitment.id.format(account=ACCOUNTS[PAYER]) if commitment else None,
        "CommitmentDiscountName": commitment.name if commitment else None,
        "CommitmentDiscountStatus": item.status,
        "CommitmentDiscountType": commitment.type if commitment else None,
        "ConsumedUnit": meter.unit if item.metered else None,
        "InvoiceIssuerName": "Amazon Web Services, Inc.",
        "PricingCategory": _pricing(item),
        "PricingUnit": meter.unit,
        "ProviderName": "AWS",
        "PublisherName": "AWS",
        "RegionId": item.region,
        "RegionName": region,
        "ResourceId": item.resource_id,
        "ResourceName": item.name,
        "ServiceCategory": meter.category,
        "ServiceName": meter.service,
        "SkuId": _sku(item),
        "SkuMeter": usage_type,
        "SubAccountId": ACCOUNTS[item.account],
        "SubAccountName": item.account,
        "x_UsageType": usage_type,
    }
    return {name: value or None for name, value in line.items()}


def _description(item: Item, usage_type: str) -> str:
    meter = item.meter
    if item.metered:
        return f"${meter.price:.9g} per {meter.unit} {usage_type}"
    return f"{item.status} {meter.charge}: {usage_type}".strip()


def _pricing(item: Item) -> str | None:
    if item.meter.charge in ("Credit", "Tax"):
        return None
    if item.commitment:
        return "Committed"
    return "Dynamic" if item.meter.usage_type.startswith("Spot") else "Standard"


def _sku(item: Item) -> str | None:
    if item.meter.charge in ("Credit", "Tax"):
        return None
    return hashlib.sha256(f"{item.meter.service}/{item.meter.usage_type}".encode()).hexdigest()[:16].upper()

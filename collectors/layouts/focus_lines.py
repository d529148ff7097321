"""Lines that a collector makes itself, as a FOCUS file: the columns, their defaults, and Parquet."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

# What a bill's format reads: https://focus.finops.org/focus-specification/v1-2/, and ours.
COLUMNS = (
    *("AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency"),
    *("BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription"),
    *("ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory"),
    *("CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity"),
    *("CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit", "ConsumedQuantity"),
    *("ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId"),
    *("InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit"),
    *(
        "ProviderName",
        "PublisherName",
        "RegionId",
        "RegionName",
        "ResourceId",
        "ResourceName",
        "ResourceType",
    ),
    *("ServiceCategory", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId", "SubAccountName", "Tags"),
    *("x_CostCategories", "x_Estimated", "x_Operation", "x_UsageType"),
)
AMOUNTS = (
    *("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ContractedUnitPrice", "ListUnitPrice"),
    *("CommitmentDiscountQuantity", "ConsumedQuantity", "PricingQuantity"),
)
INSTANTS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
# A column says what another does where it says nothing itself; the first that has a value counts.
_AS = {
    "EffectiveCost": ("BilledCost",),
    "BilledCost": ("EffectiveCost",),
    "ListCost": ("BilledCost",),
    "ContractedCost": ("BilledCost",),
    "ServiceName": ("ProviderName",),
    "InvoiceIssuerName": ("ProviderName",),
    "PublisherName": ("ProviderName",),
    "BillingAccountName": ("BillingAccountId",),
}
_ROWS_AT_ONCE = 10_000


def completed(line: Mapping[str, str], source: str) -> dict[str, str]:
    """``line`` with what FOCUS asks for: costs by each other, names by the provider, that by the source."""
    known = {"BillingAccountId": source, "ProviderName": source, "ChargeCategory": "Usage"}
    known |= {"ServiceCategory": "Other", "ChargeFrequency": "Usage-Based"}
    found = {**known, **{column: value for column, value in line.items() if value}}
    for column, others in _AS.items():
        if not found.get(column):
            found[column] = next((found[other] for other in others if found.get(other)), "")
    return found


def write(path: Path, lines: Iterable[Mapping[str, str]]) -> None:
    """``lines`` as Parquet, all of it text. Raises OSError, and whatever ``lines`` does."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    with pq.ParquetWriter(path, schema) as writer:
        for part in _parts(lines):
            columns = {name: [line.get(name) or None for line in part] for name in COLUMNS}
            writer.write_table(pa.table(columns, schema=schema))


def _parts(lines: Iterable[Mapping[str, str]]) -> Iterator[list[Mapping[str, str]]]:
    rest = iter(lines)
    while part := list(islice(rest, _ROWS_AT_ONCE)):
        yield part

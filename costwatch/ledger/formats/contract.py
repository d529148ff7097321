"""The contract every bill format is turned into: FOCUS 1.2 columns of the types below.

Source: https://focus.finops.org/focus-specification/v1-2/
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any, Protocol

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from costwatch.model import LoadFinding

INSTANTS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
COSTS = ("BilledCost", "EffectiveCost")
MAPS = ("Tags", "x_CostCategories")
# What explains a cost besides: how much of what, and its cost before any commitment.
PRICED: Mapping[str, str] = {
    "PricingUnit": "string",
    "PricingQuantity": "float64",
    "ContractedCost": "float64",
}
# A line without one of these cannot be placed on the bill.
REQUIRED_VALUES = (*INSTANTS, *COSTS, "BillingCurrency", "BillingAccountId", "ChargeCategory")

# What FOCUS says of a line besides what it is allocated by; no format knows all of it.
DESCRIBED: Mapping[str, str] = {
    "AvailabilityZone": "string",
    "BillingAccountName": "string",
    "ChargeDescription": "string",
    "CommitmentDiscountCategory": "string",
    "CommitmentDiscountId": "string",
    "CommitmentDiscountName": "string",
    "CommitmentDiscountQuantity": "float64",
    "CommitmentDiscountType": "string",
    "CommitmentDiscountUnit": "string",
    "ConsumedQuantity": "float64",
    "ConsumedUnit": "string",
    "ContractedUnitPrice": "float64",
    "ListCost": "float64",
    "ListUnitPrice": "float64",
    "PricingCategory": "string",
    "PublisherName": "string",
    "RegionName": "string",
    "ResourceName": "string",
    "ResourceType": "string",
    "ServiceCategory": "string",
    "SkuId": "string",
    "SkuPriceId": "string",
    "x_Operation": "string",
}

# Enough for the 10 decimals of AWS; a value with more is rounded to 12 before it is summed.
_DECIMAL = dt.Decimal(38, 12)
# No bill is of other times: it would be some other unit than it seems.
_FIRST, _LAST = datetime(1990, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 (as engines have them)
# No zone is over 14 hours away; engines take any number of them.
_FAR_ZONE = r":.*[+-](1[5-9]|[2-9]\d)"
_ZONE_HOURS = 14
_UTC = dt.Timestamp(timezone="UTC")
_NOTHING = ("", " ", "NULL")
_TAGS = dt.Map(dt.string, dt.string)

Held = Mapping[str, Sequence[str]]  # lower-case column that holds maps -> the keys in them, as written
Judged = tuple[tuple[str, ...], tuple[LoadFinding, ...]]  # what stays unamortised, and what is odd


class BillFormat(Protocol):
    """One bill format: a module of this package. ``raw`` has lower-case column names throughout."""

    @property
    def name(self) -> str:
        """Stored with each load, and never changed."""
        ...

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    @property
    def origins(self) -> Mapping[str, tuple[str, ...]]:
        """Column of the contract -> the format's own ones (any of them), where they have other names."""
        ...

    def recognises(self, columns: frozenset[str]) -> bool:
        """Whether lower-case column names look like this format, complete or not."""
        ...

    def missing(self, columns: frozenset[str]) -> list[str]:
        """The mandatory columns that are not there, in the format's own spelling."""
        ...

    def charges(self, raw: ir.Table) -> ir.Table:
        """``raw`` without rows that only tell the charge of another row once more: what the rest reads."""
        ...

    def evidence(self, raw: ir.Table) -> ir.Table:
        """What ``judged`` decides by: few rows for each billing period, whose first day is ``period``."""
        ...

    def judged(self, evidence: Sequence[Mapping[str, Any]]) -> Judged:
        """What of a bill stays unamortised, and what is odd about its EffectiveCost.

        evidence: the rows of one billing period, of all its files.
        """
        ...

    def columns(self, raw: ir.Table, unamortised: Collection[str] | None = None) -> dict[str, ir.Value]:
        """What the bill is allocated by, and ``x_<cost>Decimal`` control values.

        ``PRICED`` are null where a line does not say; 0 where it says once more what another one does.

        unamortised: what ``judged`` said of the bill that ``raw`` is a part of; None: it was not asked.
        """
        ...

    def bridge_part(self, raw: ir.Table, unamortised: Collection[str] | None = None) -> ir.StringValue:
        """Why the two costs of a line may differ: a value of ``proof.bridge.Part``."""
        ...

    def described(self, raw: ir.Table) -> dict[str, ir.Value]:
        """Those of ``DESCRIBED`` that the format knows something of."""
        ...

    def identity(self, raw: ir.Table) -> list[ir.Value]:
        """Few columns that are equal in two lines only if these are one charge; none where all are needed."""
        ...

    def tag_keys(self, columns: Iterable[str], held: Held) -> list[str]:
        """The tag keys of lines, as they are written but for what an export puts before all of them.

        columns: of ``raw``; held: what its maps hold.
        """
        ...

    def tag(self, raw: ir.Table, key: str, held: Held) -> ir.StringValue:
        """The value of one tag of each line, however its key is spelt; null where it has none."""
        ...

    def cost_category(self, raw: ir.Table, name: str, held: Held) -> ir.StringValue:
        """The value of one cost category of each line; null where it has none."""
        ...


def text(raw: ir.Table, *names: str) -> ir.StringValue:
    """The first column of ``names`` that is there, as text; the text NULL and blanks are null.

    What is no single value, such as a list or a map, is no text.
    """
    found = [raw[name.lower()] for name in names if name.lower() in raw.columns]
    return _first(_unread(value, "string") if value.type().is_nested() else value for value in found)


def shown(raw: ir.Table, *names: str) -> ir.StringValue:
    """The same of columns of any type, for sentences."""
    return _first(raw[name.lower()] for name in names if name.lower() in raw.columns)


def _first(found: Iterable[ir.Value]) -> ir.StringValue:
    texts = [value.cast("string") for value in found]
    known = [ibis.ifelse(value.isin(_NOTHING), ibis.null("string"), value) for value in texts]
    return reduce(lambda first, other: first.fill_null(other), known) if known else ibis.null("string")


def _unread(value: ir.Value, kind: str) -> ir.Value:
    """Null in every line: a column like any other, and no literal."""
    return ibis.ifelse(value.isnull(), ibis.null(kind), ibis.null(kind))


def instant(raw: ir.Table, name: str) -> ir.TimestampValue:
    """A UTC instant from a timestamp, a date or ISO 8601 text (space or ``T``).

    Null where it is unreadable, and of a year that no bill is of.
    """
    if name.lower() not in raw.columns:
        return ibis.null("timestamp")
    value = _as_instant(raw[name.lower()])
    return ibis.ifelse(value.between(_FIRST, _LAST), value, ibis.null("timestamp"))


def _as_instant(value: ir.Value) -> ir.TimestampValue:
    kind = value.type()
    in_nanoseconds = kind.is_unknown() and "TIMESTAMPTZ_NS" in str(kind)  # which Ibis does not know
    if not (kind.is_string() or kind.is_timestamp() or kind.is_date() or in_nanoseconds):
        return _unread(value, "timestamp")  # a number says neither its unit nor its epoch
    if kind.is_string():
        # 4/1/25 would be read as a day of the year 4; only ISO 8601 starts with a four-digit year.
        iso = (value.substr(4, 1) == "-") & ibis.ifelse(
            value.length() > 20, ~value.re_search(_FAR_ZONE), True
        )
        value = ibis.ifelse(iso, value, ibis.null("string")).try_cast(_UTC)
    elif kind.is_timestamp() and kind.timezone is None:
        return value.cast("timestamp")  # the way round by a zone takes ten times as long
    return value.cast(_UTC).cast("timestamp")


def period_instant(raw: ir.Table, name: str) -> ir.TimestampValue:
    """The beginning or end of a billing period: midnight of a first, of whatever zone, is that of UTC."""
    value = instant(raw, name)
    later = value + ibis.interval(hours=_ZONE_HOURS)
    return ibis.ifelse((later.day() == 1) & (value.day() != 1), later.truncate("D"), value)


def amount(raw: ir.Table, name: str) -> ir.FloatingValue:
    """A cost as float64, which every engine reads alike; unreadable is null."""
    if name.lower() not in raw.columns:
        return ibis.null("float64")
    value = raw[name.lower()]
    if value.type().is_string():
        return text(raw, name).try_cast("float64")
    if not value.type().is_numeric():
        return _unread(value, "float64")
    number = value.cast("float64")
    return ibis.ifelse(number.isnan(), ibis.null("float64"), number) if value.type().is_floating() else number


def control(raw: ir.Table, name: str) -> ir.DecimalValue:
    """A cost as the file's own decimal, for control totals only."""
    if name.lower() not in raw.columns:
        return ibis.null(_DECIMAL)
    value = raw[name.lower()]
    return (text(raw, name) if value.type().is_string() else value).try_cast(_DECIMAL)


def quantity(raw: ir.Table, name: str) -> ir.FloatingValue:
    """A cost as ``amount`` reads it, but what is no number is NaN, not null: it refuses its load."""
    value = amount(raw, name)
    if name.lower() not in raw.columns or raw[name.lower()].type().is_numeric():
        return value
    return ibis.ifelse(text(raw, name).notnull() & value.isnull(), float("nan"), value)


def mapping(raw: ir.Table, names: Sequence[str]) -> ir.MapValue:
    """The first column of ``names`` that is there, a map, a struct or JSON text, as map<text, text>.

    Unreadable is null.
    """
    for name in names:
        if name.lower() in raw.columns:
            value = raw[name.lower()]
            if value.type().is_map():
                return value.cast(_TAGS)
            json = (
                value.cast("json") if value.type().is_struct() else _braced(shown(raw, name)).try_cast("json")
            )
            return json.try_cast(_TAGS)
    return ibis.null(_TAGS)


def _braced(value: ir.StringValue) -> ir.StringValue:
    """JSON text of an object whose braces Azure left out, with them."""
    return ibis.ifelse(value.startswith('"'), ibis.literal("{") + value + "}", value)


def entry(raw: ir.Table, column: str, keys: Sequence[str]) -> ir.StringValue:
    """What the first of ``keys`` that a line's map knows is in it; null where it knows none."""
    if column not in raw.columns or not keys:
        return ibis.null("string")
    known = mapping(raw, [column])
    return ibis.coalesce(*(known.get(key).nullif("") for key in dict.fromkeys(keys)))


def entry_column(column: str, key: str) -> str:
    """What a column is called that holds what the map ``column`` has under ``key``."""
    return f"{column}['{key}']"


def is_entry(name: str) -> bool:
    """Whether a column is called so."""
    return name.endswith("']")


def flag(raw: ir.Table, name: str) -> ir.BooleanValue:
    """Whether a column says true; false where it says nothing."""
    return text(raw, name).lower().isin(["true", "1"]).fill_null(False)


def day_of(value: ir.TimestampValue) -> ir.IntegerValue:
    """The UTC day as the warehouse stores it: yyyymmdd."""
    return (value.year() * 10_000 + value.month() * 100 + value.day()).cast("int64")

"""The bill as FOCUS 1.2 with the team of every charge: what ``costwatch export focus`` writes.

Source: https://focus.finops.org/focus-specification/v1-2/ (Cost and Usage dataset).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation.charges import PublishedLines, bills, owned, split
from costwatch.allocation.focus_rules import conforming
from costwatch.errors import CostwatchError
from costwatch.ledger.engines.duckdb import compiled, connect, keep, small_table, write
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats.contract import DESCRIBED, PRICED
from costwatch.model import midnight
from costwatch.money import NANO
from costwatch.scratch import scratch, sweep, temporary_files
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, to_int
from costwatch.warehouse.store import Warehouse

_SUFFIXES = (".parquet", ".csv", ".csv.gz")
_FORMULA = r"^[=+\-@\t\r\n]"
# FOCUS's columns first, by name as it lists them, then ours.
_COLUMNS = {
    **DESCRIBED,
    **PRICED,
    "BilledCost": "float64",
    "BillingAccountId": "string",
    "BillingCurrency": "string",
    "BillingPeriodEnd": "timestamp",
    "BillingPeriodStart": "timestamp",
    "ChargeCategory": "string",
    "ChargeClass": "string",
    "ChargeFrequency": "string",
    "ChargePeriodEnd": "timestamp",
    "ChargePeriodStart": "timestamp",
    "CommitmentDiscountStatus": "string",
    "EffectiveCost": "float64",
    "InvoiceId": "string",
    "InvoiceIssuerName": "string",
    "ProviderName": "string",
    "RegionId": "string",
    "ResourceId": "string",
    "ServiceName": "string",
    "SubAccountId": "string",
    "SubAccountName": "string",
    "Tags": "map<string, string>",
    "x_AllocatedTags": "string",
    "x_CostCategories": "map<string, string>",
    "x_Pool": "string",
    "x_Source": "string",
    "x_System": "string",
    "x_Team": "string",
    "x_UsageType": "string",
}
_MAPS = tuple(column for column, kind in _COLUMNS.items() if kind.startswith("map"))
_INSTANTS = tuple(column for column, kind in _COLUMNS.items() if kind == "timestamp")
_SLICED = (
    "BillingAccountId",
    "BillingCurrency",
    "ChargeCategory",
    "ChargeClass",
    "ProviderName",
    "RegionId",
    "ServiceName",
    "SubAccountId",
    "SubAccountName",
    "x_AllocatedTags",
    "x_Pool",
    "x_Source",
    "x_System",
    "x_Team",
    "x_UsageType",
)
# What the lines of a pool know that its shares do not: told where all lines of a fact say the same …
_ALIKE = (
    "AvailabilityZone",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "InvoiceId",
    "PricingCategory",
    "RegionName",
    "SkuId",
    "SkuPriceId",
)
# … or, as FOCUS never leaves it empty, as the first by name says.
_FIRST = ("BillingAccountName", "ChargeFrequency", "InvoiceIssuerName", "PublisherName", "ServiceCategory")
_OF_PARTS = ("x_AllocatedTags", "x_Pool", "x_System", "x_Team")
_FACT = tuple(column for column in _SLICED if column not in _OF_PARTS)
# More digits than a double has, and no number is this large that is not whole.
_SMALL, _LARGE = "decimal(38, 24)", 1e14
_ORDER = sorted(_COLUMNS, key=lambda column: (column.startswith("x_"), column))


@temporary_files()
def export(
    warehouse: Warehouse, files: LedgerFiles, first: date, after: date, teams: Sequence[str], target: Path
) -> int:
    """Write the charges of the days ``first`` up to ``after`` to ``target`` and return their number.

    A line that has an owner is a row, as delivered; what a pool splits is a row for each team that it
    goes to, service, day and slice, so that rows sum to what is published. teams: only theirs; none
    given: everyone's and the residuals. Tags are JSON. ``.parquet`` has doubles, ``.csv`` and ``.csv.gz``
    have text, numbers without an exponent, and a ' before text that a spreadsheet would take for a formula.
    The file appears whole or not at all. Raises CostwatchError for a name that ends otherwise, and for one
    that cannot be written; SourceError for a ledger file that is gone.
    """
    if not target.name.endswith(_SUFFIXES):
        raise CostwatchError(f"{target}: cannot tell the format; let the name end .parquet, .csv or .csv.gz")
    con = connect()
    try:
        parts = [
            part
            for bill in bills(warehouse, files, first, after)
            for part in _charges(con, warehouse, bill, first, after, teams)
        ]
        if not parts:
            raise CostwatchError(
                f"{target}: nothing is published from {first} up to {after}; name other days"
            )
        rows = ibis.union(*parts, distinct=False)
        sweep(target.parent)
        with scratch(target.parent) as aside:
            part = aside / target.name
            count = write(con, compiled(rows if target.suffix == ".parquet" else _as_text(rows)), part)
            part.replace(target)
    except OSError as error:
        raise CostwatchError(
            f"{target}: {error.strerror or error}; name a file that can be written"
        ) from None
    finally:
        con.disconnect()
    return count


def _charges(
    con: Any, warehouse: Warehouse, bill: PublishedLines, first: date, after: date, teams: Sequence[str]
) -> Iterator[ir.Table]:
    """The period's rows: lines that have an owner, and the shares of what is split."""
    lines = owned(con, bill)
    lines = lines.filter(lines.day >= to_int(first), lines.day < to_int(after))
    if teams:
        lines = lines.filter(lines.team.isin(list(teams)))
    yield _in_order(lines.mutate(x_Team=lines.team, x_Source=lines.source))
    told = _told(con, bill) if bill.shared else None
    window = {"period": to_int(bill.period), "first": to_int(first), "after": to_int(after)}
    for pool in bill.shared:
        with warehouse.read() as db:
            rows = [dict(row) for row in queries.rows(db, "pool_facts", {**window, "pool": pool})]
        if told is not None:
            mine = [row for row in rows if not teams or row["x_Team"] in teams]
            yield _shared(con, bill, pool, mine, told)


def _told(con: Any, bill: PublishedLines) -> ir.Table:
    """What the lines that pools take know of each fact, kept as a table of ``con``."""
    lines = split(con, bill)
    lines = lines.mutate(x_Source=lines.source)
    keys = {column: lines[column].fill_null("") for column in _FACT}
    alike = {
        column: ibis.ifelse(
            (lines[column].min() == lines[column].max()) & (lines[column].count() == lines.count()),
            lines[column].min(),
            ibis.null("string"),
        )
        for column in _ALIKE
    }
    first = {column: lines[column].min() for column in _FIRST}
    facts = lines.group_by(day=lines.day, **keys).agg(**alike, **first)
    keep(con, f"told {bill.period}", compiled(facts))
    return ibis.table(facts.schema(), name=f"told {bill.period}")


def _shared(
    con: Any, bill: PublishedLines, pool: str, rows: Sequence[Mapping[str, Any]], told: ir.Table
) -> ir.Table:
    """The shares of one of the period's pools, which no line of the bill shows."""
    known = [
        {
            **{column: row[column] for column in _SLICED},
            "x_AllocatedTags": row["x_AllocatedTags"] or None,
            "day": row["day"],
            "ChargeDescription": f"Share of pool {pool}",
            "BillingPeriodStart": midnight(bill.period).replace(tzinfo=None),
            "BillingPeriodEnd": midnight(from_int(row["period_end"])).replace(tzinfo=None),
            "ChargePeriodStart": midnight(from_int(row["day"])).replace(tzinfo=None),
            "ChargePeriodEnd": (midnight(from_int(row["day"])) + timedelta(days=1)).replace(tzinfo=None),
            "BilledCost": row["BilledCostNano"] / NANO,
            "EffectiveCost": row["EffectiveCostNano"] / NANO,
        }
        for row in rows
    ]
    columns = {column: pa.timestamp("us") for column in _INSTANTS} | {
        column: pa.string() for column in (*_SLICED, "ChargeDescription")
    }
    columns |= dict.fromkeys(("BilledCost", "EffectiveCost"), pa.float64()) | {"day": pa.int64()}
    values = ([row[column] for column in columns] for row in known)
    shares = small_table(con, f"shared {bill.period} {pool}", values, columns)
    return _in_order(shares.left_join(told, ("day", *_FACT)))


def _in_order(rows: ir.Table) -> ir.Table:
    """The columns of the export, as FOCUS asks for them."""
    known = {column: rows[column] for column in _COLUMNS if column in rows.columns}
    known = {column: known.get(column, ibis.null(kind)).cast(kind) for column, kind in _COLUMNS.items()}
    known = conforming(known)
    for column in _MAPS:
        known[column] = known[column].cast("json").cast("string")
    return rows.select(**{column: known[column] for column in _ORDER})


def _as_text(rows: ir.Table) -> ir.Table:
    """For CSV: instants as ISO 8601, numbers in digits, no text that a spreadsheet would run as a formula."""
    texts = {}
    for column, kind in _COLUMNS.items():
        value = rows[column]
        if kind == "timestamp":
            texts[column] = value.strftime("%Y-%m-%dT%H:%M:%SZ")
        elif kind == "float64":
            texts[column] = _digits(value)
        elif kind == "string":
            texts[column] = ibis.ifelse(value.re_search(_FORMULA), ibis.literal("'") + value, value)
    return rows.mutate(**texts)


def _digits(value: ir.FloatingValue) -> ir.StringValue:
    """A number without an exponent, with all the digits that the shortest text of it has."""
    text = value.cast("string")
    exact = text.try_cast(_SMALL).cast("string").re_replace(r"\.?0+$", "")
    whole = value.try_cast("decimal(38, 0)").cast("string")
    in_digits = ibis.ifelse(value.abs() < _LARGE, exact, whole)
    return ibis.ifelse(text.contains("e"), in_digits.fill_null(text), text)

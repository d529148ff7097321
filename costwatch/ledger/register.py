"""Deciding whether a delivery is accepted: format, mandatory columns, readable values, control totals."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import duckdb
import ibis.expr.types as ir

from costwatch.errors import RefusedError
from costwatch.ledger import cur, cur2, delimited, focus
from costwatch.ledger.engine import connect, raw_lines
from costwatch.ledger.files import LedgerFiles, is_parquet
from costwatch.ledger.lines import COSTS, MAPS, REQUIRED_VALUES, BillFormat, is_of_a_bill, text
from costwatch.ledger.money import LIMIT, is_exact, nano
from costwatch.model import DeliveredFile, Export, Progress, untold

# In this order; a new format is one module and one entry here.
FORMATS = tuple(cast(BillFormat, each) for each in (focus, cur2, cur))
_SHOWN_REASONS = 12  # of each file


@dataclass(frozen=True, slots=True)
class Total:
    """What one load holds of one currency: nano-units, and the file's own decimal sums beside them."""

    line_count: int
    BilledCostNano: int
    EffectiveCostNano: int
    BilledCostControl: Decimal
    EffectiveCostControl: Decimal


@dataclass(frozen=True, slots=True)
class Load:
    """One billing period of a delivery, ready to be allocated. ``digest`` is of the content alone."""

    period: date
    period_end: date
    digest: str
    format: str
    files: tuple[str, ...]
    accounts: tuple[str, ...]
    totals: Mapping[str, Total]
    # Name (without its folder), bytes and SHA-256 of its files: under other names it is the same load.
    delivered: tuple[tuple[str, int, str], ...] = field(default=(), compare=False)

    @property
    def line_count(self) -> int:
        """Over all currencies."""
        return sum(total.line_count for total in self.totals.values())


def register(files: LedgerFiles, export: Export, progress: Progress = untold) -> list[Load]:
    """Keep the files of one delivery and say what they hold, a Load for each billing period.

    Every file counts, even if two of them are equal. Raises RefusedError with the reasons found in each
    file; nothing of the delivery is used then.
    """
    reasons: list[str] = []
    rows: list[dict[str, Any]] = []
    for number, file in enumerate(sorted(export.files, key=lambda file: file.name)):
        progress(number, len(export.files))
        try:
            rows += _inspect(files, files.add(file), file)
        except RefusedError as refused:
            reasons += refused.reasons[:_SHOWN_REASONS]
    reasons = reasons or _too_large(rows)
    if reasons:
        raise RefusedError(reasons)
    return _loads(rows)


def format_named(name: str) -> BillFormat:
    """The format a stored load was read as."""
    return next(known for known in FORMATS if known.name == name)


def _inspect(files: LedgerFiles, digest: str, file: DeliveredFile) -> list[dict[str, Any]]:
    """Totals per billing period, account and currency of one file."""
    con = connect()
    try:
        raw = raw_lines(con, [files.path(digest)], numbered=True)
        bill = _recognised(file.name, frozenset(raw.columns))
        raw = bill.charges(raw)
        delivered = _as_delivered(bill, raw)
        lines = raw.select(**bill.columns(raw), record=raw.file_row_number, **delivered)
        bad = _bad(lines)
        totals = lines.group_by(
            period=lines.BillingPeriodStart.date(),
            period_end=lines.BillingPeriodEnd.date(),
            account=lines.BillingAccountId,
            currency=lines.BillingCurrency,
        ).agg(**sums(lines), **{f"bad {column}": bad[column].cast("int64").sum() for column in bad})
        found = totals.to_pyarrow().to_pylist()
        counts = {column: sum(row.pop(f"bad {column}") for row in found) for column in bad}
        if any(counts.values()):
            raise RefusedError(_reasons(file, bill, lines, bad, counts))
    except duckdb.Error as error:
        files.discard(digest)
        text = str(error).splitlines()[0][:200]
        raise RefusedError([f"{file.name}: cannot be read ({text}); deliver the file again"]) from None
    finally:
        con.disconnect()
    known = {"digest": digest, "format": bill.name, "name": file.name, "size": file.path.stat().st_size}
    return [{**row, **known} for row in found]


def _recognised(name: str, columns: frozenset[str]) -> BillFormat:
    bill = next((known for known in FORMATS if known.recognises(columns)), focus)
    missing = bill.missing(columns)
    if missing:
        raise RefusedError(
            [
                f"{name}:1: not a complete {bill.name} file: mandatory column {column} is missing; "
                "add it to the export"
                for column in missing
            ]
        )
    return bill


def _as_delivered(bill: BillFormat, raw: ir.Table) -> dict[str, ir.Value]:
    """The columns that must be readable, as text, to be shown where they are not."""
    own = {column: _own(bill, column) for column in (*REQUIRED_VALUES, *MAPS)}
    return {
        f"delivered_{column}": text(raw, *names)
        for column, names in own.items()
        if any(name.lower() in raw.columns and not raw[name.lower()].type().is_map() for name in names)
    }


def _own(bill: BillFormat, column: str) -> tuple[str, ...]:
    """The names that a column of the contract has in the delivered file."""
    return bill.origins.get(column, (column,))


def _bad(lines: ir.Table) -> dict[str, ir.BooleanValue]:
    """Which values cannot be taken as they are, by column."""
    # Tags that cannot be read must not silently count as none.
    maps = {
        column: lines[column].isnull() & lines[f"delivered_{column}"].notnull()
        for column in MAPS
        if f"delivered_{column}" in lines.columns
    }
    return {column: _is_bad(lines[column]) for column in REQUIRED_VALUES} | maps


def _reasons(
    file: DeliveredFile,
    bill: BillFormat,
    lines: ir.Table,
    bad: Mapping[str, ir.BooleanValue],
    counts: Mapping[str, int],
) -> list[str]:
    """File, line and column of the first bad values of each column."""
    reasons = []
    for column, count in counts.items():
        if count:
            first = lines.filter(bad[column]).order_by("record").limit(3).to_pyarrow().to_pylist()
            where = _own(bill, column)[0]
            reasons += [_unreadable(file, where, row[f"delivered_{column}"], row["record"]) for row in first]
            if count > len(first):
                reasons.append(f"{file.name}: column {where}: {count - len(first)} more lines like these")
    return reasons


def _is_bad(value: ir.Value) -> ir.BooleanValue:
    if value.type().is_timestamp():
        return ~is_of_a_bill(value)
    if value.type().is_string():
        return (value.strip() == "").fill_null(True)
    return ~is_exact(value)


def _unreadable(file: DeliveredFile, column: str, value: str | None, record: int) -> str:
    line = record + 1 if is_parquet(file.path) else delimited.line_of_record(file.name, file.path, record)
    shown = "is empty" if value is None else f"cannot be read: {str(value)[:40]!r}"
    return f"{file.name}:{line}: column {column} {shown}; correct the export"


def sums(lines: ir.Table) -> dict[str, ir.Value]:
    """Lines, and of each cost nano-units, absolute size and the file's own decimal sum."""
    found: dict[str, ir.Value] = {"line_count": lines.count()}
    for column in COSTS:
        found[f"{column}Nano"] = nano(lines[column]).sum()
        found[f"{column}Absolute"] = lines[column].abs().sum()
        found[f"{column}Control"] = lines[f"x_{column}Decimal"].sum()
    return found


def _too_large(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sums near the limit of int64 wrap silently on some engines, whatever their sign."""
    return [
        f"{row['name']}: the {column} of period {row['period']} sums to {row[f'{column}Absolute']:.3g} "
        f"{row['currency']}, beyond {LIMIT:.0e}; split the export by account"
        for row in rows
        for column in COSTS
        if row[f"{column}Absolute"] >= LIMIT
    ]


def _loads(rows: Sequence[Mapping[str, Any]]) -> list[Load]:
    periods: dict[date, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        periods[row["period"]].append(row)
    loads = []
    for period, parts in sorted(periods.items()):
        digests = _files(parts)
        loads.append(
            Load(
                period=period,
                period_end=max(part["period_end"] for part in parts),
                digest=hashlib.sha256("\n".join(digests).encode()).hexdigest(),
                format=parts[0]["format"],
                files=digests,
                accounts=tuple(sorted({part["account"] for part in parts})),
                totals=_totals(parts),
                delivered=tuple(
                    sorted({(Path(part["name"]).name, part["size"], part["digest"]) for part in parts})
                ),
            )
        )
    return loads


def _files(parts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The files that hold lines of a period, one that was delivered twice twice."""
    return tuple(sorted(digest for digest, _ in {(part["digest"], part["name"]) for part in parts}))


def _totals(parts: Sequence[Mapping[str, Any]]) -> dict[str, Total]:
    totals = {}
    for currency in sorted({part["currency"] for part in parts}):
        mine = [part for part in parts if part["currency"] == currency]
        totals[currency] = Total(
            line_count=sum(part["line_count"] for part in mine),
            BilledCostNano=sum(part["BilledCostNano"] for part in mine),
            EffectiveCostNano=sum(part["EffectiveCostNano"] for part in mine),
            BilledCostControl=sum((part["BilledCostControl"] for part in mine), Decimal()),
            EffectiveCostControl=sum((part["EffectiveCostControl"] for part in mine), Decimal()),
        )
    return totals

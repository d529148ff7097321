"""Looking into one delivered file: its format, mandatory columns, readable values, control totals."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from math import inf
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.common.exceptions import IbisError

from costwatch.errors import LedgerError, RefusedError
from costwatch.ledger import csv_to_parquet
from costwatch.ledger.acceptable import EXPECTED, unacceptable
from costwatch.ledger.engines.duckdb import compiled, connect, fetch, raw_lines
from costwatch.ledger.engines.engine import PLACE
from costwatch.ledger.files import LedgerFiles, is_parquet
from costwatch.ledger.formats import format_named
from costwatch.ledger.formats.contract import COSTS, MAPS, REQUIRED_VALUES, BillFormat, amount, shown
from costwatch.ledger.formats.recognition import recognise
from costwatch.ledger.nano import LIMIT, is_countable, is_exact, nano
from costwatch.model import DeliveredFile
from costwatch.wording import shortened

_QUESTIONS_KEPT = 64
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class FileTotals:
    """What one file holds, by billing period, account and currency, and what is wrong with it.

    rows: only of billing periods that can be read. waiting: periods of which something cannot be.
    reasons: file, line and column of the first values that cannot be read. lacking: mandatory columns that
    are not there. evidence: what its format judges by whether EffectiveCost is whole.
    """

    file: DeliveredFile
    digest: str
    bill: BillFormat
    columns: frozenset[str]
    rows: Sequence[Mapping[str, Any]]
    waiting: frozenset[date] = frozenset()
    reasons: Sequence[str] = ()
    lacking: Sequence[str] = ()
    evidence: Sequence[Mapping[str, Any]] = ()

    @property
    def line_count(self) -> int:
        """Of all that can be read."""
        return sum(row["line_count"] for row in self.rows)

    def of_period(self, period: date) -> "FileTotals":
        """What it holds of one billing period."""
        rows, evidence = ([row for row in of if row["period"] == period] for of in (self.rows, self.evidence))
        return replace(self, rows=rows, evidence=evidence)


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of every file of one schema."""

    bill: BillFormat
    charges: ir.Table
    unamortised: tuple[str, ...]
    bad: Sequence[str]  # columns of which a value may be
    totals: str  # as SQL
    evidence: str  # the same


class Inspector:
    """Looks into the files of a delivery, one after the other."""

    def __init__(self, files: LedgerFiles) -> None:
        self.con = connect()
        self._files = files
        self._asked: tuple[str, ir.Table] | None = None

    def close(self) -> None:
        """Let go of the engine."""
        self.con.disconnect()

    def restart(self) -> None:
        """Go on with another engine: after an error, this one may be of no more use."""
        self.close()
        self.con = connect()
        self._asked = None

    def totals(self, digest: str, file: DeliveredFile, unamortised: tuple[str, ...] = ()) -> FileTotals:
        """Look into one file. Raises RefusedError where it is no bill, or nothing of it can be read.

        unamortised: see ``contract.BillFormat.columns``; what it is is judged by the evidence.
        """
        try:
            raw = self.raw(digest)
            told = recognise(file.name, raw.columns)
            asked = _question(told.bill.name, raw.op(), unamortised)
            found = fetch(self.con, asked.totals).to_pylist()
            evidence = fetch(self.con, asked.evidence).to_pylist()
            waiting, reasons = self._unreadable(file, asked, found)
        except (LedgerError, IbisError) as error:
            self._files.discard(digest)
            self.restart()
            raise RefusedError([f"{file.name}: cannot be read ({error}); deliver the file again"]) from None
        known = {"digest": digest, "name": file.name, "size": file.path.stat().st_size}
        rows = [{**row, **known, "format": asked.bill.name} for row in found if row["period"] not in waiting]
        columns = frozenset(raw.columns).difference(PLACE)
        return FileTotals(file, digest, told.bill, columns, rows, waiting, reasons, told.lacking, evidence)

    def raw(self, digest: str) -> ir.Table:
        """The lines of a file of the ledger, until those of another are asked for."""
        if self._asked is None or self._asked[0] != digest:
            self._asked = digest, raw_lines(self.con, [self._files.path(digest)], name="delivered")
        return self._asked[1]

    def _unreadable(
        self, file: DeliveredFile, asked: _Question, rows: list[dict[str, Any]]
    ) -> tuple[frozenset[date], Sequence[str]]:
        """The billing periods that something is wrong with, and what."""
        counts = dict.fromkeys(asked.bad, 0)
        waiting = set()
        for row in rows:
            for column in counts:
                counts[column] += (count := row.pop(f"bad {column}"))
                if count:
                    waiting.add(row["period"])
        if not waiting:
            return frozenset(), ()
        # A line that does not say which period it is of may be of any that the file has lines of.
        if any(counts[column] for column in ("BillingPeriodStart", "BillingPeriodEnd")):
            waiting = {row["period"] for row in rows}
        return frozenset(waiting), _reasons(self.con, file, asked, counts)


@lru_cache(_QUESTIONS_KEPT)
def _question(bill_format: str, operation: Any, unamortised: tuple[str, ...]) -> _Question:
    """operation: of the raw lines, which is equal for all files of one schema."""
    bill = format_named(bill_format)
    charges = bill.charges(operation.to_expr())
    lines = charges.select(**bill.columns(charges, unamortised), **_delivered_maps(bill, charges))
    bad = _bad(lines)
    totals = lines.group_by(
        period=lines.BillingPeriodStart.date(),
        period_end=lines.BillingPeriodEnd.date(),
        account=lines.BillingAccountId,
        currency=lines.BillingCurrency,
    ).agg(
        **sums(lines),
        uncounted=_uncounted(lines),
        **{f"bad {column}": bad[column].cast("int64").sum() for column in bad},
    )
    return _Question(
        bill, charges, unamortised, tuple(bad), compiled(totals), compiled(bill.evidence(charges))
    )


def _uncounted(lines: ir.Table) -> ir.IntegerValue:
    """In how many lines a quantity or a contracted cost is beyond what is counted exactly."""
    too_much = (lines.PricingQuantity.notnull() & ~is_countable(lines.PricingQuantity)) | (
        lines.ContractedCost.notnull() & ~is_exact(lines.ContractedCost)
    )
    return too_much.cast("int64").sum()


def _delivered_maps(bill: BillFormat, raw: ir.Table) -> dict[str, ir.Value]:
    """Maps that are none to the engine, as text."""
    there = {column: _there(bill, raw, column) for column in MAPS}
    return {
        f"delivered_{column}": shown(raw, *names)
        for column, names in there.items()
        if any(not raw[name.lower()].type().is_map() for name in names)
    }


def _delivered(bill: BillFormat, raw: ir.Table) -> dict[str, ir.Value]:
    """The values that must be readable, as text, and the names of their columns."""
    told: dict[str, ir.Value] = {}
    for column in (*REQUIRED_VALUES, *MAPS):
        names = _there(bill, raw, column)
        called = ibis.literal((names or _own(bill, column))[0])
        value = shown(raw, *names)
        # Of several that a cost is made of, the one that is no number is why it is none.
        odd = [(name, _is_no_number(raw, name)) for name in names if column in COSTS and names[1:]]
        told[f"called_{column}"] = _first_of([(is_so, ibis.literal(name)) for name, is_so in odd], called)
        told[f"delivered_{column}"] = _first_of([(is_so, shown(raw, name)) for name, is_so in odd], value)
    return told


def _there(bill: BillFormat, raw: ir.Table, column: str) -> list[str]:
    """The names of a column of the contract that are those of columns of the delivered file."""
    return [name for name in _own(bill, column) if name.lower() in raw.columns]


def _own(bill: BillFormat, column: str) -> tuple[str, ...]:
    return bill.origins.get(column, (column,))


def _is_no_number(raw: ir.Table, name: str) -> ir.BooleanValue:
    return shown(raw, name).notnull() & ~is_exact(amount(raw, name))


def _first_of(told: Sequence[tuple[ir.BooleanValue, ir.Value]], otherwise: ir.Value) -> ir.Value:
    return ibis.cases(*told, else_=otherwise) if told else otherwise


def _bad(lines: ir.Table) -> dict[str, ir.BooleanValue]:
    """Which values cannot be taken as they are, by column."""
    # Tags that cannot be read must not silently count as none.
    maps = {
        column: lines[column].isnull() & lines[f"delivered_{column}"].notnull()
        for column in MAPS
        if f"delivered_{column}" in lines.columns
    }
    return unacceptable(lines) | maps


def _reasons(con: Any, file: DeliveredFile, asked: _Question, counts: Mapping[str, int]) -> list[str]:
    """File, line and column of the first bad values of each column."""
    reasons = []
    bill, charges = asked.bill, asked.charges
    values = bill.columns(charges, asked.unamortised)
    lines = charges.select(**values, **_delivered(bill, charges), record=charges[PLACE[1]])
    is_bad = _bad(lines)
    for column, count in counts.items():
        if count:
            bad = lines.filter(is_bad[column]).order_by("record").limit(3)
            told = bad.select(
                "record",
                "BillingCurrency",
                is_read=bad[column].notnull(),
                called=bad[f"called_{column}"],
                value=bad[f"delivered_{column}"],
            )
            first = fetch(con, compiled(told)).to_pylist()
            tell = _too_large if column in COSTS else _unreadable
            expected = EXPECTED.get(column, "")
            reasons += [tell(file, {**row, "expected": expected}) for row in first]
            if count > len(first):
                more = count - len(first)
                reasons.append(f"{file.name}: column {first[0]['called']}: {more} more lines like these")
    return reasons


def _unreadable(file: DeliveredFile, row: Mapping[str, Any]) -> str:
    rule = f" ({row['expected']})" if row["is_read"] and row["expected"] else ""
    told = "is empty" if row["value"] is None else f"cannot be read: {shortened(row['value'], 40)!r}{rule}"
    return f"{file.name}:{_line(file, row)}: column {row['called']} {told}; correct the export"


def _too_large(file: DeliveredFile, row: Mapping[str, Any]) -> str:
    """Of a cost that is a number, though one beyond what is counted exactly."""
    value = row["value"]
    if value is None or not _NUMBER.fullmatch(value) or not LIMIT <= abs(float(value)) < inf:
        return _unreadable(file, row)
    currency = row["BillingCurrency"]
    return (
        f"{file.name}:{_line(file, row)}: column {row['called']} is {value[:40]} {currency}, beyond "
        f"{LIMIT:.0e} {currency}, up to which a line is counted exactly; deliver it in a currency of larger "
        "units"
    )


def _line(file: DeliveredFile, row: Mapping[str, Any]) -> int:
    record = int(row["record"])
    if is_parquet(file.path):
        return record + 1
    return csv_to_parquet.line_of_record(file.name, file.path, record)


def sums(lines: ir.Table) -> dict[str, ir.Value]:
    """Lines, and of each cost nano-units, absolute size and the file's own decimal sum."""
    found: dict[str, ir.Value] = {"line_count": lines.count()}
    for column in COSTS:
        found[f"{column}Absolute"] = absolute = lines[column].abs().sum()
        # A sum beyond what is exact is refused, and has no need to fit.
        found[f"{column}Nano"] = ibis.ifelse(absolute < LIMIT, nano(lines[column]).sum(), 0)
        found[f"{column}Control"] = lines[f"x_{column}Decimal"].sum()
    return found

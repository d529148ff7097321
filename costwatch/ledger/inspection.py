"""Looking into one delivered file: its format, mandatory columns, readable values, control totals."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
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
from costwatch.ledger.formats.contract import COSTS, MAPS, REQUIRED_VALUES, BillFormat, shown
from costwatch.ledger.formats.recognition import recognise
from costwatch.ledger.nano import LIMIT, nano
from costwatch.model import DeliveredFile
from costwatch.wording import shortened

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
    lacking: Sequence[str]
    columns: frozenset[str]
    lines: ir.Table
    bad: Mapping[str, ir.BooleanValue]
    totals: str  # as SQL
    evidence: str  # the same


class Inspector:
    """Looks into the files of a delivery, one after the other."""

    def __init__(self, files: LedgerFiles) -> None:
        self.con = connect()
        self._files = files
        self._questions: dict[tuple[ibis.Schema, tuple[str, ...]], _Question] = {}

    def close(self) -> None:
        """Let go of the engine."""
        self.con.disconnect()

    def restart(self) -> None:
        """Go on with another engine: after an error, this one may be of no more use."""
        self.close()
        self.con = connect()
        self._questions.clear()

    def totals(self, digest: str, file: DeliveredFile, unamortised: tuple[str, ...] = ()) -> FileTotals:
        """Look into one file. Raises RefusedError where it is no bill, or nothing of it can be read.

        unamortised: see ``contract.BillFormat.columns``; what it is is judged by the evidence.
        """
        try:
            raw = self.raw(digest)
            alike = self._questions.get((raw.schema(), unamortised))
            asked = alike or self._question(file.name, raw, unamortised)
            found = fetch(self.con, asked.totals).to_pylist()
            evidence = fetch(self.con, asked.evidence).to_pylist()
            waiting, reasons = self._unreadable(file, asked, found)
        except (LedgerError, IbisError) as error:
            self._files.discard(digest)
            self.restart()
            raise RefusedError([f"{file.name}: cannot be read ({error}); deliver the file again"]) from None
        known = {"digest": digest, "name": file.name, "size": file.path.stat().st_size}
        rows = [{**row, **known, "format": asked.bill.name} for row in found if row["period"] not in waiting]
        return FileTotals(
            file, digest, asked.bill, asked.columns, rows, waiting, reasons, asked.lacking, evidence
        )

    def raw(self, digest: str) -> ir.Table:
        """The lines of a file of the ledger, until those of another are asked for."""
        return raw_lines(self.con, [self._files.path(digest)], name="delivered")

    def _question(self, name: str, raw: ir.Table, unamortised: tuple[str, ...]) -> _Question:
        told = recognise(name, raw.columns)
        bill = told.bill
        charges = bill.charges(raw)
        delivered = _as_delivered(bill, charges)
        lines = charges.select(**bill.columns(charges, unamortised), record=charges[PLACE[1]], **delivered)
        bad = _bad(lines)
        totals = lines.group_by(
            period=lines.BillingPeriodStart.date(),
            period_end=lines.BillingPeriodEnd.date(),
            account=lines.BillingAccountId,
            currency=lines.BillingCurrency,
        ).agg(**sums(lines), **{f"bad {column}": bad[column].cast("int64").sum() for column in bad})
        columns = frozenset(raw.columns).difference(PLACE)
        asked = (compiled(self.con, each) for each in (totals, bill.evidence(charges)))
        question = _Question(bill, told.lacking, columns, lines, bad, *asked)
        self._questions[raw.schema(), unamortised] = question
        return question

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


def _as_delivered(bill: BillFormat, raw: ir.Table) -> dict[str, ir.Value]:
    """The columns that must be readable, as text, to be shown where they are not."""
    own = {column: _own(bill, column) for column in (*REQUIRED_VALUES, *MAPS)}
    return {
        f"delivered_{column}": shown(raw, *names)
        for column, names in own.items()
        if column in REQUIRED_VALUES
        or any(name.lower() in raw.columns and not raw[name.lower()].type().is_map() for name in names)
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
    return unacceptable(lines) | maps


def _reasons(con: Any, file: DeliveredFile, asked: _Question, counts: Mapping[str, int]) -> list[str]:
    """File, line and column of the first bad values of each column."""
    reasons = []
    for column, count in counts.items():
        if count:
            bad = asked.lines.filter(asked.bad[column]).order_by("record").limit(3)
            told = bad.select(
                "record", "BillingCurrency", is_read=bad[column].notnull(), value=bad[f"delivered_{column}"]
            )
            first = fetch(con, compiled(con, told)).to_pylist()
            where = _own(asked.bill, column)[0]
            tell = _too_large if column in COSTS else _unreadable
            expected = EXPECTED.get(column, "")
            reasons += [tell(file, where, {**row, "expected": expected}) for row in first]
            if count > len(first):
                reasons.append(f"{file.name}: column {where}: {count - len(first)} more lines like these")
    return reasons


def _unreadable(file: DeliveredFile, column: str, row: Mapping[str, Any]) -> str:
    rule = f" ({row['expected']})" if row["is_read"] and row["expected"] else ""
    told = "is empty" if row["value"] is None else f"cannot be read: {shortened(row['value'], 40)!r}{rule}"
    return f"{file.name}:{_line(file, row)}: column {column} {told}; correct the export"


def _too_large(file: DeliveredFile, column: str, row: Mapping[str, Any]) -> str:
    """Of a cost that is a number, though one beyond what is counted exactly."""
    value = row["value"]
    if value is None or not _NUMBER.fullmatch(value) or not LIMIT <= abs(float(value)) < inf:
        return _unreadable(file, column, row)
    currency = row["BillingCurrency"]
    return (
        f"{file.name}:{_line(file, row)}: column {column} is {value[:40]} {currency}, beyond {LIMIT:.0e} "
        f"{currency}, up to which a line is counted exactly; deliver it in a currency of larger units"
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

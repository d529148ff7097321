"""Looking into one delivered file: its format, mandatory columns, readable values, control totals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.errors import LedgerError, RefusedError
from costwatch.ledger import csv_to_parquet
from costwatch.ledger.engines.duckdb import compiled, connect, fetch, raw_lines
from costwatch.ledger.engines.engine import PLACE
from costwatch.ledger.files import LedgerFiles, is_parquet
from costwatch.ledger.formats.contract import COSTS, MAPS, REQUIRED_VALUES, BillFormat, is_of_a_bill, text
from costwatch.ledger.formats.recognition import Recognised, recognise
from costwatch.ledger.nano import is_exact, nano
from costwatch.model import DeliveredFile


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of every file of one schema."""

    told: Recognised
    lines: ir.Table
    bad: Mapping[str, ir.BooleanValue]
    totals: str  # as SQL


class Inspector:
    """Looks into the files of a delivery, one after the other."""

    def __init__(self, files: LedgerFiles) -> None:
        self._files, self._con = files, connect()
        self._questions: dict[ibis.Schema, _Question] = {}

    def close(self) -> None:
        """Let go of the engine."""
        self._con.disconnect()

    def totals(self, digest: str, file: DeliveredFile) -> list[dict[str, Any]]:
        """Totals per billing period, account and currency of one file. Raises RefusedError."""
        try:
            raw = raw_lines(self._con, [self._files.path(digest)], name="delivered")
            asked = self._questions.get(raw.schema()) or self._question(file.name, raw)
            found = fetch(self._con, asked.totals).to_pylist()
            counts = {column: sum(row.pop(f"bad {column}") for row in found) for column in asked.bad}
            if any(counts.values()):
                raise RefusedError(_reasons(self._con, file, asked, counts))
        except LedgerError as error:
            self._files.discard(digest)
            self._con.disconnect()  # it may be of no more use, and other files are whole
            self._con = connect()
            self._questions.clear()
            raise RefusedError([f"{file.name}: cannot be read ({error}); deliver the file again"]) from None
        known = {"digest": digest, "name": file.name, "size": file.path.stat().st_size}
        return [{**row, **known, "format": asked.told.bill.name, "told": asked.told} for row in found]

    def _question(self, name: str, raw: ir.Table) -> _Question:
        told = recognise(name, raw.columns)
        bill = told.bill
        charges = bill.charges(raw)
        delivered = _as_delivered(bill, charges)
        lines = charges.select(**bill.columns(charges), record=charges[PLACE[1]], **delivered)
        bad = _bad(lines)
        totals = lines.group_by(
            period=lines.BillingPeriodStart.date(),
            period_end=lines.BillingPeriodEnd.date(),
            account=lines.BillingAccountId,
            currency=lines.BillingCurrency,
        ).agg(**sums(lines), **{f"bad {column}": bad[column].cast("int64").sum() for column in bad})
        question = _Question(told, lines, bad, compiled(self._con, totals))
        self._questions[raw.schema()] = question
        return question


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


def _reasons(con: Any, file: DeliveredFile, asked: _Question, counts: Mapping[str, int]) -> list[str]:
    """File, line and column of the first bad values of each column."""
    reasons = []
    for column, count in counts.items():
        if count:
            bad = asked.lines.filter(asked.bad[column]).order_by("record").limit(3)
            first = fetch(con, compiled(con, bad)).to_pylist()
            where = _own(asked.told.bill, column)[0]
            reasons += [_unreadable(file, where, row[f"delivered_{column}"], row["record"]) for row in first]
            if count > len(first):
                reasons.append(f"{file.name}: column {where}: {count - len(first)} more lines like these")
    return reasons


def _is_bad(value: ir.Value) -> ir.BooleanValue:
    if value.type().is_timestamp():
        return ~is_of_a_bill(value)
    if value.type().is_string():
        # Blanks sort before letters: only what may be blank is looked at closely.
        return value.isnull() | ibis.ifelse(value < "!", value.strip() == "", False)
    return ~is_exact(value)


def _unreadable(file: DeliveredFile, column: str, value: str | None, record: int) -> str:
    line = (
        record + 1 if is_parquet(file.path) else csv_to_parquet.line_of_record(file.name, file.path, record)
    )
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

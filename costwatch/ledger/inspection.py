"""Looking into one delivered file: its format, mandatory columns, readable values, control totals."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.errors import LedgerError, RefusedError
from costwatch.ledger import csv_to_parquet
from costwatch.ledger.engines.duckdb import compiled, connect, fetch, raw_lines
from costwatch.ledger.engines.engine import PLACE, RESERVED
from costwatch.ledger.files import LedgerFiles, is_parquet
from costwatch.ledger.formats import FORMATS, focus
from costwatch.ledger.formats.contract import COSTS, MAPS, REQUIRED_VALUES, BillFormat, is_of_a_bill, text
from costwatch.ledger.nano import is_exact, nano
from costwatch.model import DeliveredFile

Left = Mapping[date, tuple[str, ...]]  # what stays unamortised of the bill of a period; not named: nothing


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of every file of one schema."""

    lines: ir.Table
    bad: Mapping[str, ir.BooleanValue]
    totals: str  # as SQL


class Inspector:
    """Looks into the files of a delivery, one after the other: all for evidence, then all for totals."""

    def __init__(self, files: LedgerFiles) -> None:
        self._files, self._con = files, connect()
        self._evidence: dict[ibis.Schema, str] = {}  # as SQL
        self._questions: dict[tuple[ibis.Schema, tuple[str, ...], tuple[date, ...]], _Question] = {}

    def close(self) -> None:
        """Let go of the engine."""
        self._con.disconnect()

    def evidence(self, digest: str, file: DeliveredFile) -> tuple[BillFormat, list[dict[str, Any]]]:
        """Its format, and what that judges the bills by that the file is a part of. Raises RefusedError."""
        with self._reading(digest, file) as raw:
            bill = _recognised(file.name, frozenset(raw.columns))
            if raw.schema() not in self._evidence:
                self._evidence[raw.schema()] = compiled(self._con, bill.evidence(bill.charges(raw)))
            return bill, fetch(self._con, self._evidence[raw.schema()]).to_pylist()

    def totals(self, digest: str, file: DeliveredFile, left: Left) -> list[dict[str, Any]]:
        """Totals per billing period, account and currency of one file. Raises RefusedError."""
        rows: list[dict[str, Any]] = []
        with self._reading(digest, file) as raw:
            bill = _recognised(file.name, frozenset(raw.columns))
            reasons = []
            for unamortised, periods in _alike(left).items():
                key = (raw.schema(), unamortised, periods)
                asked = self._questions.get(key) or self._question(bill, raw, unamortised, periods)
                self._questions[key] = asked
                found = fetch(self._con, asked.totals).to_pylist()
                counts = {column: sum(row.pop(f"bad {column}") for row in found) for column in asked.bad}
                if any(counts.values()):
                    reasons += _reasons(self._con, file, bill, asked, counts)
                rows += found
            if reasons:
                raise RefusedError(reasons)
        known = {"digest": digest, "name": file.name, "size": file.path.stat().st_size}
        return [{**row, **known, "format": bill.name} for row in rows]

    @contextmanager
    def _reading(self, digest: str, file: DeliveredFile) -> Iterator[ir.Table]:
        """Its rows. Raises RefusedError where the engine cannot read them."""
        try:
            yield raw_lines(self._con, [self._files.path(digest)], name="delivered")
        except LedgerError as error:
            self._files.discard(digest)
            self._con.disconnect()  # it may be of no more use, and other files are whole
            self._con = connect()
            self._evidence.clear()
            self._questions.clear()
            raise RefusedError([f"{file.name}: cannot be read ({error}); deliver the file again"]) from None

    def _question(
        self, bill: BillFormat, raw: ir.Table, unamortised: tuple[str, ...], periods: Sequence[date]
    ) -> _Question:
        charges = bill.charges(raw)
        delivered = _as_delivered(bill, charges)
        lines = charges.select(**bill.columns(charges, unamortised), record=charges[PLACE[1]], **delivered)
        if periods:
            period = lines.BillingPeriodStart.date()
            of_them = period.isin([*periods]).fill_null(False)
            lines = lines.filter(of_them if unamortised else ~of_them)
        bad = _bad(lines)
        totals = lines.group_by(
            period=lines.BillingPeriodStart.date(),
            period_end=lines.BillingPeriodEnd.date(),
            account=lines.BillingAccountId,
            currency=lines.BillingCurrency,
        ).agg(**sums(lines), **{f"bad {column}": bad[column].cast("int64").sum() for column in bad})
        return _Question(lines, bad, compiled(self._con, totals))


def _alike(left: Left) -> dict[tuple[str, ...], tuple[date, ...]]:
    """What stays unamortised -> of which periods; nothing -> the periods that something stays of."""
    every = {day: unamortised for day, unamortised in sorted(left.items()) if unamortised}
    of_each = {each: tuple(day for day in every if every[day] == each) for each in every.values()}
    return {(): tuple(every), **of_each}


def _recognised(name: str, columns: frozenset[str]) -> BillFormat:
    bill = next((known for known in FORMATS if known.recognises(columns)), focus)
    missing = bill.missing(columns)
    if reserved := sorted(columns.intersection(RESERVED)):
        raise RefusedError(
            [
                f"{name}:1: column {column} cannot have this name; rename it in the export"
                for column in reserved
            ]
        )
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
    con: Any, file: DeliveredFile, bill: BillFormat, asked: _Question, counts: Mapping[str, int]
) -> list[str]:
    """File, line and column of the first bad values of each column."""
    reasons = []
    for column, count in counts.items():
        if count:
            bad = asked.lines.filter(asked.bad[column]).order_by("record").limit(3)
            first = fetch(con, compiled(con, bad)).to_pylist()
            where = _own(bill, column)[0]
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

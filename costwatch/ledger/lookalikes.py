"""Lines of a billing period that may be one charge twice, found by hashes.

A first look, at four columns of every line, costs little and leaves few: a line that looks like no other is
no charge that is there twice. Of what is left all columns are read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from costwatch.ledger.as_written import as_written, is_measure
from costwatch.ledger.engines.duckdb import builtin, compiled, fetch, salted_hash, take
from costwatch.ledger.formats import format_named
from costwatch.ledger.formats.contract import BillFormat, day_of, text
from costwatch.ledger.inspection import FileTotals, Inspector
from costwatch.ledger.nano import nano

Hashes = npt.NDArray[np.uint64]

_SEEN_FIRST = ("ChargePeriodStart", "ResourceId", "x_UsageType")
# What makes a charge itself, whatever else an export says of it; as far as all files of a bill tell it.
_OF_A_CHARGE = (
    *("BillingAccountId", "SubAccountId", "BillingCurrency", "ChargePeriodStart", "ChargePeriodEnd"),
    *("ChargeCategory", "ServiceName", "RegionId", "ResourceId", "x_UsageType"),
)
_MORE_OF_A_CHARGE = ("AllocatedResourceId", "SkuId", "SkuPriceId")  # which allocation does not ask for
_SUSPECTED = "suspected"
_QUESTIONS_KEPT = 64  # as SQL: those that are equal for all files of one schema
_MOST_AT_ONCE = 20_000_000  # hashes held in memory, of 8 bytes


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """The lines of one file that look like some other line of the billing period.

    charge: hash of what makes a charge, its costs among it. line: of all that makes a line. has_resource,
    currency and both costs in nano-units: of each of these lines. lines_by_day: of all its lines (yyyymmdd).
    """

    part: FileTotals
    lines_by_day: Mapping[int, int]
    has_resource: npt.NDArray[np.bool_]
    charge: Hashes
    line: Hashes
    currency: npt.NDArray[np.object_]
    BilledCostNano: npt.NDArray[np.int64]
    EffectiveCostNano: npt.NDArray[np.int64]


def lookalikes(
    inspector: Inspector, parts: Sequence[FileTotals], period: date, *, declared: bool
) -> list[Lookalikes]:
    """Of all the files of a billing period, those lines that look alike; in the order of ``parts``.

    declared: a manifest names them: then one identity of a line holds for all.
    """
    lines = _Lines(inspector, period, parts, by_identity=declared or len(parts) == 1)
    suspected = _seen_twice(lines, parts)
    if len(suspected) == 0:
        return []
    lines.suspect(suspected)
    return [lines.closely(part) for part in parts]


def described(inspector: Inspector, parts: Sequence[FileTotals], period: date) -> list[Hashes]:
    """Of each file, the hashes of what its lines say besides how much; each once."""
    lines = _Lines(inspector, period, parts)
    return [lines.described(part) for part in parts]


def _seen_twice(lines: "_Lines", parts: Sequence[FileTotals]) -> Hashes:
    count = sum(row["line_count"] for part in parts for row in part.rows)
    rounds = 1 + count // _MOST_AT_ONCE
    return np.concatenate(
        [
            _repeated(np.concatenate([lines.first(part, turn, rounds) for part in parts]))
            for turn in range(rounds)
        ]
    )


def _repeated(hashes: Hashes) -> Hashes:
    """Those that are there more than once."""
    hashes.sort()
    again = hashes[1:][hashes[1:] == hashes[:-1]]
    return np.unique(again)


class _Lines:
    """Asks files for hashes of their lines of one billing period."""

    def __init__(
        self, inspector: Inspector, period: date, parts: Sequence[FileTotals], *, by_identity: bool = False
    ) -> None:
        self._inspector, self._period, self._by_identity = inspector, period, by_identity
        self._told_by_all = frozenset.intersection(*map(self._told_by, parts))

    def first(self, part: FileTotals, turn: int, rounds: int) -> Hashes:
        """What every line looks like at first; of these hashes, one in ``rounds``, others each turn."""
        found = self._answer(_looks, part, self._by_identity, self._told_by_all, turn, rounds)
        return _hashes(found["look"])

    def suspect(self, looks: Hashes) -> None:
        """Which lines ``closely`` is to look at."""
        take(self._inspector.con, _SUSPECTED, pa.table({"look": pa.array(looks)}))

    def closely(self, part: FileTotals) -> Lookalikes:
        """All that is to know of the lines that look as suspected."""
        found = self._answer(_closely, part, self._by_identity, self._told_by_all)
        days = self._answer(_lines_by_day, part)
        return Lookalikes(
            part,
            dict(zip(*(column.to_pylist() for column in days.columns), strict=True)),
            found["has_resource"].to_numpy(),
            _hashes(found["charge"]),
            _hashes(found["line"]),
            found["currency"].to_numpy(),
            *(found[f"{metric}Nano"].to_numpy() for metric in ("BilledCost", "EffectiveCost")),
        )

    def described(self, part: FileTotals) -> Hashes:
        """See ``described``."""
        return np.unique(_hashes(self._answer(_described, part)["look"]))

    def _told_by(self, part: FileTotals) -> frozenset[str]:
        return _told_by(part.bill.name, self._inspector.raw(part.digest).op())

    def _answer(self, question: Callable[..., str], part: FileTotals, *more: Any) -> pa.Table:
        raw = self._inspector.raw(part.digest).op()
        return fetch(self._inspector.con, question(part.bill.name, raw, self._period, *more))


def _of_period(bill: BillFormat, operation: Any, period: date) -> ir.Table:
    lines = bill.charges(operation.to_expr())
    return lines.filter(bill.columns(lines)["BillingPeriodStart"].date() == ibis.literal(period))


@lru_cache(_QUESTIONS_KEPT)
def _looks(
    bill_format: str,
    operation: Any,
    period: date,
    by_identity: bool,
    told_by_all: frozenset[str],
    turn: int,
    rounds: int,
) -> str:
    bill = format_named(bill_format)
    raw = _of_period(bill, operation, period)
    looks = raw.select(look=_look(bill, raw, by_identity, told_by_all))
    return compiled(looks.filter(looks["look"] % rounds == turn) if rounds > 1 else looks)


def _look(bill: BillFormat, raw: ir.Table, by_identity: bool, told_by_all: frozenset[str]) -> ir.IntegerValue:
    told = bill.columns(raw)
    seen = bill.identity(raw) if by_identity else []
    known = [column for column in _SEEN_FIRST if column in told_by_all]
    seen = seen or [*(told[column] for column in known), told["BilledCost"]]
    return builtin("hash", seen, "uint64")


@lru_cache(_QUESTIONS_KEPT)
def _closely(
    bill_format: str, operation: Any, period: date, by_identity: bool, told_by_all: frozenset[str]
) -> str:
    bill = format_named(bill_format)
    raw = _of_period(bill, operation, period)
    suspected = ibis.table({"look": "uint64"}, name=_SUSPECTED)
    # First the few lines, then all that costs more to read.
    few = raw.semi_join(suspected, [(_look(bill, raw, by_identity, told_by_all), "look")])
    told = bill.columns(few) | _more(few)
    costs = {f"{metric}Nano": nano(told[metric]) for metric in ("BilledCost", "EffectiveCost")}
    line = bill.identity(few) or [*as_written(few).values()]
    read = few.select(
        **{f"charge_{column}": told[column] for column in sorted(told_by_all)},
        **{f"line_{number}": value for number, value in enumerate(line)},
        has_resource=told["ResourceId"].notnull(),
        currency=told["BillingCurrency"],
        **costs,
    )
    return compiled(
        read.select(
            *("has_resource", "currency", *costs),
            charge=salted_hash(_columns(read, "charge_", *costs)),
            line=salted_hash(_columns(read, "line_")),
        )
    )


@lru_cache(_QUESTIONS_KEPT)
def _described(bill_format: str, operation: Any, period: date) -> str:
    raw = _of_period(format_named(bill_format), operation, period)
    kept = {name: value for name, value in as_written(raw).items() if not is_measure(name)}
    read = raw.select(**kept)
    return compiled(read.select(look=salted_hash([read[name] for name in kept])))


@lru_cache(_QUESTIONS_KEPT)
def _told_by(bill_format: str, operation: Any) -> frozenset[str]:
    """The columns of a charge that a file has."""
    bill = format_named(bill_format)
    raw = bill.charges(operation.to_expr())
    told = bill.columns(raw) | _more(raw)
    columns = (*_OF_A_CHARGE, *_MORE_OF_A_CHARGE)
    return frozenset(column for column in columns if not isinstance(told[column].op(), ops.Literal))


def _more(raw: ir.Table) -> dict[str, ir.Value]:
    """An integer that was saved anew with an empty one among them ends in ``.0``."""
    return {column: text(raw, column).re_replace(r"^(\d+)\.0$", r"\1") for column in _MORE_OF_A_CHARGE}


@lru_cache(_QUESTIONS_KEPT)
def _lines_by_day(bill_format: str, operation: Any, period: date) -> str:
    bill = format_named(bill_format)
    lines = _of_period(bill, operation, period)
    days = lines.select(day=day_of(bill.columns(lines)["ChargePeriodStart"]))
    return compiled(days.group_by("day").agg(lines=days.count()))


def _columns(read: ir.Table, begin: str, *others: str) -> list[ir.Value]:
    return [read[name] for name in read.columns if name.startswith(begin) or name in others]


def _hashes(column: pa.ChunkedArray) -> Hashes:
    return np.array(column.to_numpy(), np.uint64)

"""Deciding which billing periods of a delivery are accepted, and what they hold.

Whatever is wrong with one period stays in it: its other files wait, the other periods are taken.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ibis.common.exceptions import IbisError

from costwatch.errors import LedgerError, NotABillError, RefusedError, SourceError
from costwatch.ledger.charged_twice import counting, other_versions
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats.contract import COSTS
from costwatch.ledger.formats.recognition import lacking
from costwatch.ledger.inspection import FileTotals, Inspector
from costwatch.ledger.lookalikes import described, lookalikes
from costwatch.ledger.nano import LIMIT, QUANTITY_LIMIT
from costwatch.ledger.peek import periods_of
from costwatch.model import (
    Amounts,
    Counted,
    DeliveredFile,
    Export,
    Load,
    LoadFinding,
    LoadFindingKind,
    Progress,
    untold,
)
from costwatch.wording import shortened

_SHOWN_REASONS = 12  # of each file
_SUMMED = ("BilledCostNano", "EffectiveCostNano", "line_count")


@dataclass(frozen=True, slots=True)
class Registered:
    """What a delivery holds that can count, and why the rest of it cannot: ``reasons``, a sentence each."""

    loads: Sequence[Load]
    reasons: Sequence[str] = ()


def register(
    files: LedgerFiles,
    export: Export,
    *,
    declared: bool = False,
    periods_before: Mapping[str, Collection[date]] | None = None,
    progress: Progress = untold,
) -> Registered:
    """Keep the files of one delivery and say what they hold, a Load for each billing period.

    A period is refused whole: if a line of it cannot be read, if its files are of several formats, or hold
    the same charges. declared: a manifest names the files, so that they are one bill. periods_before: of a
    file's name, the periods that it held lines of before; they wait where it cannot be read now.
    """
    with closing(_Delivery(files, declared, periods_before or {})) as delivery:
        for number, file in enumerate(sorted(export.files, key=lambda file: file.name)):
            progress(number, len(export.files))
            delivery.look_into(file)
        return Registered(delivery.loads(), delivery.reasons)


class _Delivery:
    """Its files, as far as they were looked into."""

    def __init__(
        self, files: LedgerFiles, declared: bool, periods_before: Mapping[str, Collection[date]]
    ) -> None:
        self.reasons: list[str] = []
        self._files, self._declared, self._periods_before = files, declared, periods_before
        self._inspector = Inspector(files)
        self._found: list[FileTotals] = []
        self._waiting: set[date] = set()

    def close(self) -> None:
        self._inspector.close()

    def look_into(self, file: DeliveredFile) -> None:
        try:
            if file.trouble:
                raise SourceError(file.trouble)
            found = self._inspector.totals(self._files.add(file), file)
        except SourceError as refused:
            told = refused.reasons if isinstance(refused, RefusedError) else [str(refused)]
            self.reasons += told[:_SHOWN_REASONS]
            if isinstance(refused, NotABillError):
                self._waiting.update(self._periods_before.get(Path(file.name).name, ()))
            else:
                self._may_be_of(file)
            return
        self.reasons += found.reasons[:_SHOWN_REASONS]
        self._waiting |= found.waiting
        if None in found.waiting:  # no line that cannot be read says which period it is of
            self._may_be_of(file)
        self._found.append(found)

    def _may_be_of(self, file: DeliveredFile) -> None:
        """What a file was of before, and what its first rows and its name tell, waits."""
        self._waiting.update(self._periods_before.get(Path(file.name).name, ()))
        self._waiting |= periods_of(file)

    def loads(self) -> list[Load]:
        """Of each period of which nothing is wrong."""
        periods = {row["period"] for file in self._found for row in file.rows}
        loads = [self._attempt(period) for period in sorted(periods - self._waiting)]
        return [load for load in loads if load]

    def _attempt(self, period: date) -> Load | None:
        """None where something is wrong, such as with a column that was not looked at before."""
        try:
            return self._load(period)
        except RefusedError as refused:
            self.reasons += refused.reasons[:_SHOWN_REASONS]
        except (LedgerError, IbisError) as error:
            names = ", ".join(file.file.name for file in self._found if file.of_period(period).rows)
            self.reasons.append(
                f"{shortened(names, 200)}: {period:%Y-%m} cannot be read ({error}); deliver it again"
            )
            self._inspector.restart()
        return None

    def _load(self, period: date) -> Load | None:
        parts = [part for file in self._found if (part := file.of_period(period)).rows]
        reasons = [*_mixed(parts), *_too_large(parts)]
        if not reasons:
            looks = lookalikes(self._inspector, parts, period, declared=self._declared)
            found = counting(looks, parts, declared=self._declared)
            reasons = [*found.reasons] or self._other_versions(found.parts, period)
            if not reasons:
                return self._amortised(period, found.parts, found.findings)
        self.reasons += reasons[:_SHOWN_REASONS]
        return None

    def _amortised(self, period: date, parts: Sequence[FileTotals], findings: Sequence[LoadFinding]) -> Load:
        """Summed as if all were there that amortising takes; where something is not, summed once more."""
        unamortised, odd = parts[0].bill.judged([row for part in parts for row in part.evidence])
        if unamortised:
            again = (self._inspector.totals(part.digest, part.file, unamortised) for part in parts)
            parts = [part.of_period(period) for part in again]
        return _load(period, parts, unamortised, (*findings, *odd))

    def _other_versions(self, parts: Sequence[FileTotals], period: date) -> list[str]:
        if self._declared or len(parts) == 1:
            return []
        return [*other_versions(parts, described(self._inspector, parts, period))]


def _mixed(parts: Sequence[FileTotals]) -> Iterator[str]:
    """Two formats tell one charge in two ways, and nothing says whether it is one."""
    first = {part.bill.name: part for part in reversed(parts)}
    if len(first) > 1:
        named = " and ".join(f"{part.file.name} ({name})" for name, part in sorted(first.items()))
        month = f"{parts[0].rows[0]['period']:%Y-%m}"
        yield (
            f"{named}: both hold charges of {month}, which would count twice if they are one bill; keep one "
            "format, or name a source for each bill"
        )


def _too_large(parts: Sequence[FileTotals]) -> Iterator[str]:
    """Sums near the limit of int64 wrap silently on some engines, whatever their sign."""
    rows = [row for part in parts for row in part.rows]
    for currency in sorted({row["currency"] for row in rows}):
        for column in COSTS:
            size = sum(row[f"{column}Absolute"] for row in rows if row["currency"] == currency)
            if size >= LIMIT:
                yield (
                    f"{parts[0].file.name}: the {column} of period {rows[0]['period']} sums to {size:.3g} "
                    f"{currency}, beyond {LIMIT:.0e} {currency}, up to which a bill is counted exactly; "
                    "deliver it in smaller parts, a source for each, or in a currency of larger units"
                )


def _load(
    period: date,
    parts: Sequence[FileTotals],
    unamortised: tuple[str, ...],
    findings: Sequence[LoadFinding],
) -> Load:
    rows = [row for part in parts for row in part.rows]
    digests = tuple(sorted(part.digest for part in parts))
    return Load(
        period=period,
        period_end=max(row["period_end"] for row in rows),
        digest=hashlib.sha256("\n".join(digests).encode()).hexdigest(),
        format=parts[0].bill.name,
        files=digests,
        accounts=tuple(sorted({row["account"] for row in rows})),
        totals=_totals(rows),
        delivered=tuple(sorted({(Path(row["name"]).name, row["size"], row["digest"]) for row in rows})),
        findings=(
            *findings,
            *_uncounted(parts),
            *lacking((Path(part.file.name).name, part.bill, part.lacking) for part in parts),
        ),
        unamortised=unamortised,
    )


def _uncounted(parts: Sequence[FileTotals]) -> Iterator[LoadFinding]:
    """Quantities and contracted costs that count as unknown, for they cannot be counted exactly."""
    of = {Path(part.file.name).name: sum(row["uncounted"] for row in part.rows) for part in parts}
    names = sorted(name for name, count in of.items() if count)
    if names:
        text = (
            f"{shortened(', '.join(names), 80)}: {sum(of.values()):,} lines have a PricingQuantity of "
            f"{QUANTITY_LIMIT:.0e} or more, or a ContractedCost of {LIMIT:.0e} or more, up to which they are "
            "counted exactly: these count as unknown; export them in larger units"
        )
        yield LoadFinding(LoadFindingKind.UNCOUNTED, text)


def _totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, Counted]:
    totals = {}
    for currency in sorted({row["currency"] for row in rows}):
        mine = [row for row in rows if row["currency"] == currency]
        amounts = (Amounts(*(row[name] for name in _SUMMED)) for row in mine)
        control = {column: sum((row[f"{column}Control"] for row in mine), Decimal()) for column in COSTS}
        totals[currency] = Counted(sum(amounts, Amounts()), control)
    return totals

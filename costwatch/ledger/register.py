"""Deciding whether a delivery is accepted, and what it holds of each billing period."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from costwatch.errors import RefusedError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats.contract import COSTS, BillFormat, Judged
from costwatch.ledger.inspection import Inspector
from costwatch.ledger.nano import LIMIT
from costwatch.model import Amounts, Counted, DeliveredFile, Export, Load, Progress, untold

_SHOWN_REASONS = 12  # of each file
_SUMMED = ("BilledCostNano", "EffectiveCostNano", "line_count")


def register(files: LedgerFiles, export: Export, progress: Progress = untold) -> list[Load]:
    """Keep the files of one delivery and say what they hold, a Load for each billing period.

    Every file counts, even if two of them are equal. Raises RefusedError with the reasons found in each
    file; nothing of the delivery is used then.
    """
    ordered = sorted(export.files, key=lambda file: file.name)
    reasons: dict[str, list[str]] = {file.name: [] for file in ordered}
    kept: list[tuple[str, DeliveredFile]] = []
    rows: list[dict[str, Any]] = []
    bills = _Bills()
    with closing(Inspector(files)) as inspector:
        for number, file in enumerate(ordered):
            progress(number, len(ordered))
            with _refusing(reasons[file.name]):
                digest = files.add(file)
                bills.add(*inspector.evidence(digest, file))
                kept.append((digest, file))
        judged = bills.judged()
        left = {period: unamortised for period, (unamortised, _) in judged.items()}
        for digest, file in kept:
            with _refusing(reasons[file.name]):
                rows += inspector.totals(digest, file, left)
    told = [reason for each in reasons.values() for reason in each[:_SHOWN_REASONS]] or _too_large(rows)
    if told:
        raise RefusedError(told)
    return _loads(rows, judged)


class _Bills:
    """The evidence of all files of a delivery, by billing period."""

    def __init__(self) -> None:
        self._formats: dict[str, BillFormat] = {}
        self._rows: dict[tuple[date, str], list[Mapping[str, Any]]] = defaultdict(list)

    def add(self, of_format: BillFormat, evidence: Sequence[Mapping[str, Any]]) -> None:
        """What one file knows."""
        self._formats[of_format.name] = of_format
        for row in evidence:
            if row["period"] is not None:
                self._rows[row["period"], of_format.name].append(row)

    def judged(self) -> dict[date, Judged]:
        """Of each period, so far as there is anything to tell."""
        found: dict[date, Judged] = {}
        for (period, name), rows in self._rows.items():
            unamortised, findings = self._formats[name].judged(rows)
            before = found.get(period, ((), ()))
            found[period] = (*before[0], *unamortised), (*before[1], *findings)
        return found


@contextmanager
def _refusing(reasons: list[str]) -> Iterator[None]:
    """Notes why a file is refused, and goes on to the next."""
    try:
        yield
    except RefusedError as refused:
        reasons += refused.reasons


def _too_large(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sums near the limit of int64 wrap silently on some engines, whatever their sign."""
    return [
        f"{row['name']}: the {column} of period {row['period']} sums to {row[f'{column}Absolute']:.3g} "
        f"{row['currency']}, beyond {LIMIT:.0e}; split the export by account"
        for row in rows
        for column in COSTS
        if row[f"{column}Absolute"] >= LIMIT
    ]


def _loads(rows: Sequence[Mapping[str, Any]], judged: Mapping[date, Judged]) -> list[Load]:
    periods: dict[date, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        periods[row["period"]].append(row)
    loads = []
    for period, parts in sorted(periods.items()):
        digests = _files(parts)
        unamortised, findings = judged.get(period, ((), ()))
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
                findings=findings,
                unamortised=unamortised,
            )
        )
    return loads


def _files(parts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The files that hold lines of a period, one that was delivered twice twice."""
    return tuple(sorted(digest for digest, _ in {(part["digest"], part["name"]) for part in parts}))


def _totals(parts: Sequence[Mapping[str, Any]]) -> dict[str, Counted]:
    totals = {}
    for currency in sorted({part["currency"] for part in parts}):
        mine = [part for part in parts if part["currency"] == currency]
        amounts = (Amounts(*(part[name] for name in _SUMMED)) for part in mine)
        control = {column: sum((part[f"{column}Control"] for part in mine), Decimal()) for column in COSTS}
        totals[currency] = Counted(sum(amounts, Amounts()), control)
    return totals

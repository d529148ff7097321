"""Deciding whether a delivery is accepted, and what it holds of each billing period."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from costwatch.errors import RefusedError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.formats.contract import COSTS
from costwatch.ledger.formats.recognition import lacking
from costwatch.ledger.inspection import Inspector
from costwatch.ledger.nano import LIMIT
from costwatch.model import Amounts, Counted, Export, Load, Progress, untold

_SHOWN_REASONS = 12  # of each file
_SUMMED = ("BilledCostNano", "EffectiveCostNano", "line_count")


def register(files: LedgerFiles, export: Export, progress: Progress = untold) -> list[Load]:
    """Keep the files of one delivery and say what they hold, a Load for each billing period.

    Every file counts, even if two of them are equal. Raises RefusedError with the reasons found in each
    file; nothing of the delivery is used then.
    """
    reasons: list[str] = []
    rows: list[dict[str, Any]] = []
    with closing(Inspector(files)) as inspector:
        for number, file in enumerate(sorted(export.files, key=lambda file: file.name)):
            progress(number, len(export.files))
            try:
                rows += inspector.totals(files.add(file), file)
            except RefusedError as refused:
                reasons += refused.reasons[:_SHOWN_REASONS]
    reasons = reasons or _too_large(rows)
    if reasons:
        raise RefusedError(reasons)
    return _loads(rows)


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
                findings=lacking((Path(part["name"]).name, part["told"]) for part in parts),
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

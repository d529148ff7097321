"""What follows where lines of a billing period are there twice: one charge counts once. Pure.

Files that a manifest names are one bill, though equal lines in them can be real: a part that another one
holds whole is refused, any other line counts and is told. Files that merely lie together may be copies, or
versions of one month: the one that a later file holds whole is left out, and where it is not clear which of
them count, none do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

import numpy as np
import numpy.typing as npt

from costwatch.ledger.inspection import FileTotals
from costwatch.ledger.lookalikes import Hashes, Lookalikes
from costwatch.model import Amounts, DeliveredFile, LoadFinding, LoadFindingKind
from costwatch.money import exact, units

_Which = npt.NDArray[np.bool_]  # of the lines of a file

_TOGETHER = timedelta(minutes=1)  # between files that were copied at once: only their names tell an order
_SHOWN = 3
_FEW, _PRICES, _NEARLY_ALL = 2, 5, 0.8  # see _overlap
_KEEP = "keep the one that counts, or name a source for each bill"


@dataclass(frozen=True, slots=True)
class Counting:
    """The files of a billing period that count, what is odd about them, and why none of them can count."""

    parts: Sequence[FileTotals]
    findings: Sequence[LoadFinding] = ()
    reasons: Sequence[str] = ()


def counting(looks: Sequence[Lookalikes], parts: Sequence[FileTotals], *, declared: bool) -> Counting:
    """Of the files of one billing period, those that count.

    looks: of all of them, in their order; none where no line looks like another. declared: a manifest names
    them.
    """
    if not looks:
        return Counting(parts)
    if declared:
        return Counting(parts, [*_repeated(looks)], [*_equal_parts(looks)])
    left_out = dict(_left_out(looks))
    kept = [look for number, look in enumerate(looks) if number not in left_out]
    findings = [*left_out.values(), *_repeated(kept)]
    return Counting([look.part for look in kept], findings, [*_overlaps(kept)])


def other_versions(parts: Sequence[FileTotals], described: Sequence[Hashes]) -> Iterator[str]:
    """Why files that lie together cannot count: of some, one has every charge of the other, at other costs.

    described: of each, what its lines say besides how much.
    """
    shared = _in_several(described)
    for number, (one, its) in enumerate(zip(parts, described, strict=True)):
        if not np.isin(its, shared).all():
            continue
        for place, (other, others) in enumerate(zip(parts, described, strict=True)):
            # Of two that have the same charges, the first is named.
            is_first = number < place or len(its) < len(others)
            if one is not other and is_first and one.columns == other.columns and np.isin(its, others).all():
                yield (
                    f"{one.file.name} and {other.file.name}: one has all charges of the other in "
                    f"{_month(one)}, at other costs, as two versions of one bill do; {_KEEP}"
                )


def _equal_parts(looks: Sequence[Lookalikes]) -> Iterator[str]:
    for small, large in _pairs(looks):
        shared = _shared(small, large)
        if shared.sum() == small.part.line_count:
            yield _twice(small, large, shared, "have the export delivered anew")


def _left_out(looks: Sequence[Lookalikes]) -> Iterator[tuple[int, LoadFinding]]:
    """Files that a later one holds whole, by number."""
    shared = _in_several([look.charge for look in looks])
    for number, look in enumerate(looks):
        if len(look.charge) < look.part.line_count or not np.isin(look.charge, shared).all():
            continue
        later = [each for each in looks if _is_later(each.part.file, look.part.file) and _holds(each, look)]
        if later:
            all_of_it = np.ones(len(look.line), bool)
            yield (
                number,
                LoadFinding(
                    LoadFindingKind.REPLACED,
                    f"{look.part.file.name}: all of its charges of {_month(look.part)} "
                    f"({_money(look, all_of_it)}) are in {later[-1].part.file.name}, too, which is later: "
                    "they count once",
                ),
            )


def _overlaps(looks: Sequence[Lookalikes]) -> Iterator[str]:
    for small, large in _pairs(looks):
        shared = _shared(small, large)
        if not shared.any() and _overlap(small, large, by_charge := _found(small.charge, large.charge)):
            shared = by_charge
        if shared.any():
            yield _twice(small, large, shared, _KEEP)


def _overlap(small: Lookalikes, large: Lookalikes, shared: _Which) -> bool:
    """Whether charges that two files share, told otherwise in each, are too many to look alike by chance.

    Of the lines of the days that both have, half where a resource is named, as what is charged for it at that
    price is told well enough; where none is, nearly all, at several prices.
    """
    days = small.lines_by_day.keys() & large.lines_by_day.keys()
    lines = min(sum(look.lines_by_day[day] for day in days) for look in (small, large))
    shared = shared & (small.BilledCostNano != 0)
    named = int((shared & small.has_resource).sum())
    prices = len(np.unique(small.BilledCostNano[shared]))
    is_whole = int(shared.sum()) == small.part.line_count
    return (2 * named >= lines and (named >= _FEW or is_whole)) or (
        prices >= _PRICES and int(shared.sum()) >= _NEARLY_ALL * lines
    )


def _pairs(looks: Sequence[Lookalikes]) -> Iterator[tuple[Lookalikes, Lookalikes]]:
    """Those that have something in common, the smaller first."""
    shared = _in_several([look.charge for look in looks])
    for pair in combinations([look for look in looks if np.isin(look.charge, shared).any()], 2):
        small, large = sorted(pair, key=lambda look: look.part.line_count)
        yield small, large


def _holds(large: Lookalikes, small: Lookalikes) -> bool:
    return small.part.line_count <= large.part.line_count and bool(
        _shared(small, large).sum() == small.part.line_count
    )


def _shared(small: Lookalikes, large: Lookalikes) -> _Which:
    """The lines of one file that the other has, too, each as often."""
    by_charge = _found(small.charge, large.charge)
    if small.part.columns != large.part.columns:
        # Different columns tell a charge differently: a few that look alike are no copy.
        return by_charge if _overlap(small, large, by_charge) else np.zeros_like(by_charge)
    return _found(small.line, large.line)


def _in_several(hashes: Sequence[Hashes]) -> Hashes:
    """Those that more than one file has."""
    known, counts = np.unique(np.concatenate([np.unique(each) for each in hashes]), return_counts=True)
    return known[counts > 1]


def _found(wanted: Hashes, among: Hashes) -> _Which:
    """Which of ``wanted`` are ``among`` others, at most as often as they are there."""
    there, counts = np.unique(among, return_counts=True)
    order = np.argsort(wanted, kind="stable")
    ordered = wanted[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - np.uint64(1)))
    rank = np.arange(len(ordered)) - np.repeat(starts, np.diff(starts, append=len(ordered)))
    place = np.minimum(np.searchsorted(there, ordered), max(len(there) - 1, 0))
    often = np.where(there[place] == ordered, counts[place], 0) if len(there) else np.zeros(len(ordered), int)
    found = np.zeros(len(wanted), bool)
    found[order] = rank < often
    return found


def _is_later(one: DeliveredFile, other: DeliveredFile) -> bool:
    """By when they were written; of files that were copied at once, by their names."""
    if one.modified and other.modified and abs(one.modified - other.modified) > _TOGETHER:
        return one.modified > other.modified
    return _in_order(one.name) > _in_order(other.name)


def _in_order(name: str) -> list[tuple[int, str]]:
    """``v10`` comes after ``v9``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _repeated(looks: Sequence[Lookalikes]) -> Iterator[LoadFinding]:
    """Lines that are equal to one before them, by currency."""
    lines = np.concatenate([look.line for look in looks])
    again = np.ones(len(lines), bool)
    again[np.unique(lines, return_index=True)[1]] = False
    ends = np.cumsum([len(look.line) for look in looks])[:-1]
    found = [pair for pair in zip(looks, np.split(again, ends), strict=True) if pair[1].any()]
    names = [look.part.file.name for look, _ in found]
    more = f" and {len(names) - _SHOWN} more files" if len(names) > _SHOWN else ""
    totals: dict[str, Amounts] = {}
    for look, which in found:
        for currency, amounts in _amounts(look, which).items():
            totals[currency] = totals.get(currency, Amounts()) + amounts
    for currency, amounts in sorted(totals.items()):
        yield LoadFinding(
            LoadFindingKind.REPEATED,
            f"{', '.join(names[:_SHOWN])}{more}: {_lines(amounts.line_count)} there once more, equal in all "
            f"that tells lines apart ({_cost(amounts, currency)}); they count, as equal charges can be real: "
            "if these are not, have the export delivered anew",
            currency,
            amounts,
        )


def _twice(small: Lookalikes, large: Lookalikes, shared: _Which, advice: str) -> str:
    return (
        f"{small.part.file.name} and {large.part.file.name}: {_lines(int(shared.sum()))} in both in "
        f"{_month(small.part)} ({_money(small, shared)}), and would count twice; {advice}"
    )


def _lines(count: int) -> str:
    return "1 line is" if count == 1 else f"{count:,} lines are"


def _month(part: FileTotals) -> str:
    return f"{part.rows[0]['period']:%Y-%m}"


def _money(look: Lookalikes, which: _Which) -> str:
    amounts = sorted(_amounts(look, which).items())
    return " and ".join(_cost(each, currency) for currency, each in amounts)


def _cost(amounts: Amounts, currency: str) -> str:
    return f"BilledCost {exact(units(amounts.BilledCostNano), currency)}"


def _amounts(look: Lookalikes, which: _Which) -> Mapping[str, Amounts]:
    """By currency; summed as Python's integers, which have no end."""
    found = {}
    for currency in sorted({*look.currency[which]}):
        mine = which & (look.currency == currency)
        billed, effective = look.BilledCostNano[mine].tolist(), look.EffectiveCostNano[mine].tolist()
        found[currency] = Amounts(sum(billed), sum(effective), int(mine.sum()))
    return found

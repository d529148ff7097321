"""Whether an AWS report holds all that it takes to amortise a commitment; where not, that stays unblended.

To leave out one half of it counts a charge twice, or not at all: covered usage at its own price beside a
negation that became 0, an upfront fee that became 0 beside usage that nothing was spread over. So each bill
(all files of one billing period) is asked once, before anything of it is summed.

What AWS leaves empty is no fault: columns of commitments in other lines; a file without a column that none
of its lines needs (the legacy report has each in months that need it only); covered usage that costs nothing;
one of the two unused parts of a reservation's fee; all net columns where there is no discount. 0 is a value.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.ledger.formats import amortisation as of
from costwatch.ledger.formats.contract import Judged, amount, instant, text
from costwatch.ledger.nano import nano
from costwatch.model import Amounts, LoadFinding, LoadFindingKind
from costwatch.money import exact, units

# What a line of each type cannot be amortised without.
_NEEDED = {
    of.COVERED: (of.PLAN_COST,),
    of.PLAN_FEE: (of.COMMITTED, of.USED_COMMITMENT),
    of.DISCOUNTED: (of.RESERVED_COST,),
    of.RESERVATION_FEE: (of.UNUSED_UPFRONT, of.UNUSED_RECURRING),
}
# What it takes to set what was paid in advance to 0: that usage, or nobody, can carry it.
_CARRIED_BY = {
    of.SAVINGS_PLANS: (of.PLAN_COST, of.COMMITTED, of.USED_COMMITMENT),
    of.RESERVATIONS: (of.RESERVED_COST, of.UNUSED_UPFRONT, of.UNUSED_RECURRING),
}
_IN_ADVANCE = (of.PLAN_UPFRONT, of.FEE, of.REFUND)
_COLUMNS = tuple(dict.fromkeys(column for columns in _NEEDED.values() for column in columns))
_NET_COLUMNS = tuple(of.NET_OF.values())
_PLAIN_OF = {net: plain for plain, net in of.NET_OF.items() if plain != of.UNBLENDED}
# A reservation that was paid upfront has no recurring fee, and the other way round.
_PARTS = (of.UNUSED_UPFRONT, of.UNUSED_RECURRING)
_EITHER = dict([_PARTS, _PARTS[::-1]]) | {
    of.NET_OF[one]: of.NET_OF[other] for one, other in (_PARTS, _PARTS[::-1])
}
_CALLED = {of.SAVINGS_PLANS: "Savings Plans", of.RESERVATIONS: "reservations"}
_AMONG = {
    "covered usage": (of.COVERED, of.DISCOUNTED),
    "fees": (of.PLAN_FEE, of.PLAN_UPFRONT, of.RESERVATION_FEE, of.FEE),
    "negation": (of.NEGATION,),
    "refunds": (of.REFUND,),
}


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one type in one file (or files of the same columns) and currency.

    commitment: which kind they are of; empty: of none. known: in how many of them each column has what
    amortising them takes; a column that the file has not is not there. net_count: how many have a value in
    some net column. net_nano: their cost net of discounts.
    """

    line_type: str
    commitment: str
    currency: str
    line_count: int
    billed_nano: int
    net_count: int
    net_nano: int
    known: Mapping[str, int]


def evidence(raw: ir.Table) -> ir.Table:
    """What ``lines_of`` reads: a row for each billing period (``period``), currency and type of line."""
    kind, net = of.line_type(raw), [each for each in _NET_COLUMNS if each in raw.columns]
    if not net:  # other lines tell nothing
        known = [*(each for types in of.LINE_TYPES.values() for each in types), of.FEE, of.REFUND]
        raw = raw.filter(kind.isin(known))
        kind = of.line_type(raw)
    columns = [each for each in (*_COLUMNS, *_NET_COLUMNS, of.RESERVATION_ARN) if each in raw.columns]
    billed = nano(amount(raw, of.UNBLENDED))
    netted = nano(ibis.coalesce(amount(raw, of.NET_UNBLENDED), amount(raw, of.UNBLENDED))) if net else billed
    is_net = reduce(or_, (_has(raw, column) for column in net), ibis.literal(False))
    return raw.group_by(
        period=instant(raw, "bill_billing_period_start_date").date(),
        currency=text(raw, "line_item_currency_code").strip().upper(),
        line_type=kind,
        commitment=of.commitment(raw).fill_null(""),
    ).agg(
        line_count=raw.count(),
        billed_nano=billed.sum(),
        net_count=is_net.cast("int64").sum() if net else raw.count() * 0,
        net_nano=netted.sum(),
        **{column: _is_known(raw, column).cast("int64").sum() for column in columns},
    )


def _is_known(raw: ir.Table, column: str) -> ir.BooleanValue:
    """Whether a line has a value there, or needs none."""
    known = [_has(raw, column)]
    if column == of.PLAN_COST:
        known.append(_is_zero(raw, of.UNBLENDED))
    if column in _EITHER:
        known.append(_has(raw, _EITHER[column]))
    if column in _PLAIN_OF:
        known.append(_is_zero(raw, _PLAIN_OF[column]))
    return reduce(or_, known)


def _has(raw: ir.Table, column: str) -> ir.BooleanValue:
    if column not in raw.columns:
        return ibis.literal(False)
    return (text(raw, column) if raw[column].type().is_string() else raw[column]).notnull()


def _is_zero(raw: ir.Table, column: str) -> ir.BooleanValue:
    if column not in raw.columns:
        return ibis.literal(False)
    return (amount(raw, column) == 0).fill_null(False)


def lines_of(row: Mapping[str, Any]) -> Lines:
    """A row of ``evidence``."""
    counted = {
        column: row[column] for column in (*_COLUMNS, *_NET_COLUMNS, of.RESERVATION_ARN) if column in row
    }
    return Lines(
        row["line_type"] or "",
        row["commitment"],
        row["currency"] or "",
        row["line_count"],
        int(row["billed_nano"]),
        row["net_count"],
        int(row["net_nano"]),
        counted,
    )


def judged(bill: Sequence[Lines], spelt: Callable[[str], str] = str) -> Judged:
    """What of a bill stays unamortised, from the lines of all its files; and a finding for each, by currency.

    spelt: how the report spells a column.
    """
    lacking = {name: tuple(_lacking(name, bill, spelt)) for name in _CALLED}
    left = [name for name, reasons in lacking.items() if reasons]
    findings = [found for name in left for found in _unamortised(name, bill, lacking[name])]
    if any(lines.net_count for lines in bill):
        reasons = [*_lacking_net(bill, spelt), *(f"{_CALLED[name]} are not amortised" for name in left)]
        if reasons:
            left.append(of.NET)
            findings += _before_discounts(bill, reasons)
        elif _is_spread(bill):
            left.append(of.SPREAD_DISCOUNTS)
    return tuple(left), tuple(findings)


def _lacking(name: str, bill: Sequence[Lines], spelt: Callable[[str], str]) -> Iterable[str]:
    """What keeps a kind of commitment from being amortised; nothing where it is whole, or does not occur."""
    mine = [lines for lines in bill if lines.commitment == name]
    needed = {column for lines in mine for column in _NEEDED.get(lines.line_type, ())}
    missing = {
        column for lines in mine for column in _NEEDED.get(lines.line_type, ()) if column not in lines.known
    }
    if any(lines.line_type in _IN_ADVANCE for lines in mine):
        missing |= {column for column in _CARRIED_BY[name] if not any(column in each.known for each in mine)}
    taken_back = any(lines.line_type == of.NEGATION and lines.billed_nano for lines in mine)
    if taken_back and not any(of.PLAN_COST in lines.known for lines in mine):
        missing.add(of.PLAN_COST)
    if name == of.RESERVATIONS and any(lines.line_type in of.LINE_TYPES[name] for lines in mine):
        # Which fees are a reservation's cannot be told without it.
        fees = [lines for lines in bill if lines.line_type == of.FEE]
        missing |= {of.RESERVATION_ARN for lines in fees if of.RESERVATION_ARN not in lines.known}
    if missing:
        yield _missing(missing, spelt)
    for column in sorted(needed - missing):
        lines = [each for each in mine if column in _NEEDED.get(each.line_type, ())]
        every = sum(each.line_count for each in lines)
        if empty := every - sum(each.known[column] for each in lines):
            yield f"column {spelt(column)} is empty in {empty} of {every} lines"
    if taken_back and not any(lines.line_type == of.COVERED for lines in mine):
        yield f"there is no covered usage beside its {of.NEGATION}"


def _lacking_net(bill: Sequence[Lines], spelt: Callable[[str], str]) -> Iterable[str]:
    """What keeps costs from being net of discounts: each type of line that occurs needs its net column."""
    needed = {
        line_type: [of.NET_OF[column] for column in columns if column in of.NET_OF]
        for line_type, columns in _NEEDED.items()
    }
    known: dict[str, list[int | None]] = {}
    for lines in bill:
        columns = needed.get(lines.line_type, []) if lines.commitment else [of.NET_UNBLENDED]
        if lines.billed_nano or lines.commitment:
            for column in columns:
                known.setdefault(column, []).append(lines.known.get(column))
    if missing := {column for column, counts in known.items() if None in counts}:
        yield _missing(missing, spelt)
    for column, counts in sorted(known.items()):
        if column not in missing and not any(counts):
            yield f"column {spelt(column)} is empty"


def _is_spread(bill: Sequence[Lines]) -> bool:
    """Whether net columns deduct discounts a second time: from lines they are given on, and by their own.

    What is net of discounts comes to what is billed, since discounts are billed on lines of their own; where
    it is short of that by what those lines say, theirs must be 0. Else they are left as they are.
    """
    short, own, lines = 0, 0, 0
    for each in bill:
        if each.line_type not in (of.COVERED, of.NEGATION):  # which take each other back
            short += each.net_nano - each.billed_nano
        if each.line_type.endswith(of.DISCOUNT):
            own += each.net_nano
        lines += each.line_count
    # Each line may be rounded to the nano-unit, and AWS writes ten decimals.
    return own != 0 and abs(short - own) <= max(lines, abs(own) // 100)


def _missing(columns: Collection[str], spelt: Callable[[str], str]) -> str:
    """``column a is missing``, ``columns a, b and c are missing``."""
    *others, last = map(spelt, sorted(columns))
    return f"columns {', '.join(others)} and {last} are missing" if others else f"column {last} is missing"


def _unamortised(name: str, bill: Sequence[Lines], reasons: Sequence[str]) -> Iterable[LoadFinding]:
    for currency in sorted({lines.currency for lines in bill if lines.commitment == name}):
        mine = [lines for lines in bill if (lines.commitment, lines.currency) == (name, currency)]
        nano_of = {
            called: sum(lines.billed_nano for lines in mine if lines.line_type in types)
            for called, types in _AMONG.items()
            if any(lines.line_type in types for lines in mine)
        }
        money = ", ".join(f"{exact(units(cost), currency)} of {called}" for called, cost in nano_of.items())
        billed = sum(lines.billed_nano for lines in mine)
        text = (
            f"{_CALLED[name]} are not amortised: {' and '.join(reasons)}; EffectiveCost is BilledCost for "
            f"{money}; {_advice(reasons)}"
        )
        amounts = Amounts(billed, billed, sum(lines.line_count for lines in mine))
        yield LoadFinding(LoadFindingKind.UNAMORTISED, text, currency, amounts)


def _before_discounts(bill: Sequence[Lines], reasons: Sequence[str]) -> Iterable[LoadFinding]:
    for currency in sorted({lines.currency for lines in bill}):
        mine = [lines for lines in bill if lines.currency == currency and not lines.commitment]
        billed, net = (sum(getattr(lines, each) for lines in mine) for each in ("billed_nano", "net_nano"))
        money = (
            f" ({exact(units(billed - net), currency)} less on lines of no commitment)"
            if billed != net
            else ""
        )
        text = (
            f"net columns are not used{money}: {' and '.join(reasons)}; EffectiveCost is before discounts, "
            f"which count where they are billed; {_advice(reasons)}"
        )
        amounts = Amounts(billed, billed, sum(lines.line_count for lines in mine))
        yield LoadFinding(LoadFindingKind.UNAMORTISED, text, currency, amounts)


def _advice(reasons: Sequence[str]) -> str:
    if any(reason.endswith("are missing") for reason in reasons):
        return "add the columns to the export"
    if any(reason.endswith("is missing") for reason in reasons):
        return "add the column to the export"
    return "have it exported again"

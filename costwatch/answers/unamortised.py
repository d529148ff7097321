"""Which months' EffectiveCost is not amortised, for want of columns or values in what was delivered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from costwatch.model import LoadFindingKind
from costwatch.warehouse.bill.loads import odd_loads
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_CALLED = {"savings_plans": "Savings Plans", "reservations": "reservations", "net": "discounts"}


@dataclass(frozen=True, slots=True)
class Unamortised:
    """What stays unblended in the published bill of a source and billing period, end exclusive.

    commitments: of ``savings_plans``, ``reservations`` and ``net``. currencies: those it is about.
    """

    source: str
    period: date
    period_end: date
    commitments: tuple[str, ...]
    currencies: frozenset[str]


def unamortised(facts: WarehouseSnapshot, first: date, after: date) -> tuple[Unamortised, ...]:
    """Of the billing periods that overlap the days ``first`` up to, not including, ``after``, newest first.

    It is of the bill as it is published now, whatever the snapshot is as of.
    """
    found = []
    for load in odd_loads(facts.db):
        about = frozenset(each.currency for each in load.findings if each.kind is LoadFindingKind.UNAMORTISED)
        if load.unamortised and about and load.period < after and load.period_end > first:
            found.append(Unamortised(load.source, load.period, load.period_end, load.unamortised, about))
    return tuple(found)


def label(found: Iterable[Unamortised]) -> str:
    """``unamortised: Savings Plans, reservations in 2026-10``; empty where all is amortised."""
    every = tuple(found)
    named = [called for name, called in _CALLED.items() if any(name in each.commitments for each in every)]
    months = sorted({f"{each.period:%Y-%m}" for each in every})
    if not months:
        return ""
    span = months[0] if len(months) == 1 else f"{len(months)} months, {months[0]} to {months[-1]}"
    return f"unamortised: {', '.join(named)} in {span}"

"""What each system costs, and whose teams and services that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from costwatch.cost.forecast import period_of
from costwatch.cost.systems import System
from costwatch.model import Window
from costwatch.plugins import Snapshot
from costwatch.warehouse import queries
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_LATELY = timedelta(days=35)  # a whole month of bills, with the days in which it is completed


@dataclass(frozen=True, slots=True)
class SystemCost:
    """EffectiveCost of one system through the settled UTC day ``through``; what had none cost nothing."""

    system: str
    currency: str
    through: date
    month_to_date: Decimal
    last_7_days: Decimal
    prior_7_days: Decimal


def systems(facts: Snapshot) -> list[SystemCost]:
    """Every system with cost, and what belongs to none, by currency and falling month to date.

    Systems of a currency add up to the whole. Nothing settled yet: an empty list.
    """
    through = facts.data_through
    if through is None:
        return []
    after = through + _DAY
    month = Window.of_days(period_of("month", through)[0], after)
    last, prior = Window.of_days(after - _WEEK, after), Window.of_days(after - 2 * _WEEK, after - _WEEK)
    sums = facts.totals("EffectiveCost", ("system",), (month, last, prior))
    found = [
        SystemCost(
            system=dict(key)["system"],
            currency=dict(key)["currency"],
            through=through,
            month_to_date=sums[month].get(key, Decimal()),
            last_7_days=sums[last].get(key, Decimal()),
            prior_7_days=sums[prior].get(key, Decimal()),
        )
        for key in {key for window in (month, last, prior) for key in sums[window]}
    ]
    return sorted(found, key=lambda one: (one.currency, -one.month_to_date, one.system))


def parts(facts: WarehouseSnapshot, of: SystemCost, by: str) -> list[tuple[str, Decimal]]:
    """``month_to_date`` of a system by ``team`` or ``service``, largest first."""
    first, after = period_of("month", of.through)[0], of.through + _DAY
    where = {"system": [of.system], "currency": [of.currency]}
    rows = cost(facts.db, first, after, (by,), where, as_of=facts.as_of)
    return sorted(((row.labels[by], row.amount()) for row in rows), key=lambda pair: (-pair[1], pair[0]))


def named(facts: WarehouseSnapshot) -> frozenset[str]:
    """Every system that some published cost belongs or once belonged to."""
    return frozenset(row["x_System"] for row in queries.rows(facts.db, "places"))


def unmatched(facts: Snapshot, known: Iterable[System]) -> dict[str, str]:
    """The systems without a charge in the last 35 settled days, each with why; none before a bill."""
    through = facts.data_through
    if through is None:
        return {}
    lately = Window.of_days(through + _DAY - _LATELY, through + _DAY)
    held = {dict(key)["system"] for key in facts.totals("EffectiveCost", ("system",), (lately,))[lately]}
    return {
        system.name: "no line of a bill has what it is told by; give tags, accounts, resources or pools, too"
        if system.match.is_of_usage_only
        else "no charge of the last 35 days belongs to it; run costwatch allocate if it is new, "
        "or correct its match or move it up"
        for system in known
        if held and system.name not in held
    }

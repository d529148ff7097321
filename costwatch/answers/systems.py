"""What each system costs, and whose teams and services that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from costwatch.cost.forecast import period_of
from costwatch.cost.systems import System
from costwatch.model import Labels, Window
from costwatch.plugins import Snapshot
from costwatch.warehouse import queries
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_LATELY = timedelta(days=35)  # a whole month of bills, with the days in which it is completed


@dataclass(frozen=True, slots=True)
class SystemCost:
    """EffectiveCost of one system through the settled UTC day ``through``; what had none then cost nothing.

    by_team, by_service: the parts of ``month_to_date``, largest first; each adds up to it.
    """

    system: str
    currency: str
    through: date
    month_to_date: Decimal
    last_7_days: Decimal
    prior_7_days: Decimal
    by_team: tuple[tuple[str, Decimal], ...]
    by_service: tuple[tuple[str, Decimal], ...]


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
    by_team, by_service = (
        _parts(facts.totals("EffectiveCost", ("system", name), (month,))[month], name)
        for name in ("team", "service")
    )
    found = [
        SystemCost(
            system=dict(key)["system"],
            currency=dict(key)["currency"],
            through=through,
            month_to_date=sums[month].get(key, Decimal()),
            last_7_days=sums[last].get(key, Decimal()),
            prior_7_days=sums[prior].get(key, Decimal()),
            by_team=by_team.get(key, ()),
            by_service=by_service.get(key, ()),
        )
        for key in {key for window in (month, last, prior) for key in sums[window]}
    ]
    return sorted(found, key=lambda one: (one.currency, -one.month_to_date, one.system))


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


def _parts(sums: Mapping[Labels, Decimal], by: str) -> dict[Labels, tuple[tuple[str, Decimal], ...]]:
    """The sums of each system and currency by one label more."""
    found: dict[Labels, list[tuple[str, Decimal]]] = {}
    for key, amount in sums.items():
        names = dict(key)
        part = names.pop(by)
        found.setdefault(tuple(sorted(names.items())), []).append((part, amount))
    return {key: tuple(sorted(parts, key=lambda pair: (-pair[1], pair[0]))) for key, parts in found.items()}

"""How much of what an owner tag could name bears none, and in which accounts."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from costwatch.cost.coverage import how_to_tell, untold_days
from costwatch.model import TAGGED, UNTAGGED, Window
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_LARGEST = 3


@dataclass(frozen=True, slots=True)
class Untagged:
    """EffectiveCost of lines of owner pools that ask for tags, before any of it is given on.

    amount: of lines none of whose tags and cost categories that are asked for says anything. whole: of all.
    by_account: where most of ``amount`` lies, largest first. why_unknown: why both are not known, and what
    to do; '' where they are.
    """

    amount: Decimal
    whole: Decimal
    by_account: tuple[tuple[str, Decimal], ...]
    why_unknown: str = ""


def untagged(facts: WarehouseSnapshot, currency: str, first: date, end: date) -> Untagged:
    """What is untagged in one currency of the days ``first`` to ``end``, both included."""
    days = Window.of_days(first, end + timedelta(days=1))
    by_day = facts.series("tagging_cost", (), days)
    if lacking := untold_days(facts.series("EffectiveCost", (), days), by_day, days):
        return Untagged(Decimal(), Decimal(), (), how_to_tell(lacking))
    amounts: dict[str, dict[str, Decimal]] = {TAGGED: defaultdict(Decimal), UNTAGGED: defaultdict(Decimal)}
    for key, cost in facts.totals("tagging_cost", ("account", "tagging"), [days])[days].items():
        of = dict(key)
        if of["currency"] == currency and of["tagging"] in amounts:
            amounts[of["tagging"]][of["account"]] += cost
    amount, tagged = (sum(amounts[name].values(), Decimal()) for name in (UNTAGGED, TAGGED))
    largest = sorted(amounts[UNTAGGED].items(), key=lambda pair: (-pair[1], pair[0]))[:_LARGEST]
    return Untagged(amount, amount + tagged, tuple(pair for pair in largest if pair[1] > 0))

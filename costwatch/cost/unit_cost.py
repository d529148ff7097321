"""What one unit costs: a cost ÷ a volume, over the days on which both are known. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costwatch.model import State, is_dimension

_DIGITS = 12  # after the point: what costs a millionth of a cent has digits left
_NOTHING = Decimal()
_ORDER = list(State)


@dataclass(frozen=True, slots=True)
class UnitDay:
    """One day of a slice of cost and of the volume that it is for. None: unknown.

    state: that of the less settled one of both.
    """

    cost: Decimal | None
    volume: Decimal | None
    state: State

    @property
    def is_known(self) -> bool:
        """Whether a unit's cost can be told: nothing is divided by what is 0 or unknown."""
        return self.cost is not None and self.volume is not None and self.volume > 0


@dataclass(frozen=True, slots=True)
class UnitSum:
    """Several days: ``cost`` and ``volume`` are those of the ``known_days`` alone.

    unknown_cost: what the others cost, as far as that is known. state: of the least settled known day, or of
    all where none is known.
    """

    cost: Decimal
    volume: Decimal
    known_days: int
    unknown_days: int
    unknown_cost: Decimal
    state: State

    def unit_cost(self, per: Decimal) -> Decimal | None:
        """What ``per`` units cost; None where no day is known."""
        return unit_cost(self.cost, self.volume, per) if self.known_days else None


def unit_cost(cost: Decimal | None, volume: Decimal | None, per: Decimal) -> Decimal | None:
    """What ``per`` units cost, to 1e-12 of the currency; None: unknown, never infinite."""
    if cost is None or volume is None or volume <= 0:
        return None
    return round(cost * per / volume, _DIGITS)


def over_days(days: Iterable[UnitDay]) -> UnitSum:
    """The cost of days whose volume is known, their volume, and what is left out."""
    every = [*days]
    known = [day for day in every if day.is_known]
    unknown = [day for day in every if not day.is_known]
    return UnitSum(
        cost=sum((day.cost or _NOTHING for day in known), _NOTHING),
        volume=sum((day.volume or _NOTHING for day in known), _NOTHING),
        known_days=len(known),
        unknown_days=len(unknown),
        unknown_cost=sum((day.cost or _NOTHING for day in unknown), _NOTHING),
        state=min((day.state for day in known or every), key=_ORDER.index, default=State.ESTIMATED),
    )


def within(days: Mapping[date, UnitDay], first: date, after: date) -> list[UnitDay]:
    """Those of the days ``first`` up to, not including, ``after``."""
    return [of for day, of in days.items() if first <= day < after]


def change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """By which share a unit costs more than before; None where either is unknown, or before was nothing."""
    if now is None or before is None or before <= 0:
        return None
    return round((now - before) / before, 6)


def cost_label(name: str) -> str:
    """The label of cost that stands for a label of a volume: its own dimension, else ``allocated:NAME``."""
    return name if is_dimension(name) else f"allocated:{name}"

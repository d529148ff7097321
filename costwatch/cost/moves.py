"""What rose and what fell, part by part: opposite moves do not cancel. Pure; money is exact.

A sum over parts hides that one rose while another fell. So each part is judged by itself first, and what
is out of its own limits is added up then.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from costwatch.model import Driver, Labels

_TOP = 5
_REST = (("", "the rest"),)  # of no label
_NOTHING = Decimal()


@dataclass(frozen=True, slots=True)
class Limit:
    """What a move must exceed to matter: an ``amount``, per cent of what is usual, or both of them."""

    amount: Decimal | None
    percent: Decimal | None

    @property
    def is_set(self) -> bool:
        """Whether any move matters."""
        return self.amount is not None or self.percent is not None

    def is_exceeded(self, move: Decimal, usual: Decimal) -> bool:
        """Whether ``move``, more or less than usual, is too much."""
        if move <= 0 or not self.is_set:
            return False
        is_much = self.amount is None or move > self.amount
        # Of nothing, or of less, every move is more than any share.
        return is_much and (self.percent is None or usual <= 0 or move > usual * self.percent / 100)

    def least(self, usual: Decimal) -> Decimal:
        """How large a move must be, to be too much."""
        share = _NOTHING if self.percent is None else max(usual, _NOTHING) * self.percent / 100
        return max(self.amount or _NOTHING, share)


@dataclass(slots=True)
class Moves:
    """The parts of something, each with its cost in the days judged and in ``count`` windows before."""

    count: int
    parts: dict[Labels, list[Decimal]] = field(default_factory=dict)

    def add(self, key: Labels, place: int, amount: Decimal) -> None:
        """What a part cost in the days judged (``place`` 0), or in one of the windows before (from 1 on)."""
        if key not in self.parts:
            self.parts[key] = [_NOTHING] * (self.count + 1)
        self.parts[key][place] += amount

    @property
    def now(self) -> Decimal:
        """What it all cost in the days judged."""
        return sum((costs[0] for costs in self.parts.values()), _NOTHING)

    @property
    def usual(self) -> Decimal:
        """What it all cost before: the median of the windows."""
        if self.count == 1:
            return sum((costs[1] for costs in self.parts.values()), _NOTHING)
        return _median([sum(column, _NOTHING) for column in list(zip(*self.parts.values(), strict=True))[1:]])

    @property
    def change(self) -> Decimal:
        """By how much more it costs than before."""
        return self.now - self.usual

    @property
    def was_nothing(self) -> bool:
        """Whether nothing of it cost anything in any of the windows before."""
        return not any(any(costs[1:]) for costs in self.parts.values())

    @property
    def is_nothing(self) -> bool:
        """Whether nothing of it costs anything in the days judged."""
        return not any(costs[0] for costs in self.parts.values())

    def beyond(self, limit: Limit, *, falls: bool = False) -> Decimal:
        """By how much those parts rose, or fell, that are beyond the limit each by itself."""
        own = Limit(None, limit.percent) if limit.percent is not None else limit
        found = _NOTHING
        for costs in self.parts.values():
            usual = _median(costs[1:])
            move = usual - costs[0] if falls else costs[0] - usual
            if own.is_exceeded(move, usual):
                found += move
        return found

    def by(self, name: str) -> Iterator[tuple[str, "Moves"]]:
        """The same, told apart by one label of the parts."""
        found: dict[str, Moves] = {}
        for key, costs in self.parts.items():
            value = dict(key).get(name, "")
            found.setdefault(value, Moves(self.count)).parts[key] = costs
        yield from sorted(found.items())

    def drivers(self, but: Collection[str]) -> tuple[Driver, ...]:
        """The parts that changed most and the rest, which sum to ``change``; without the labels ``but``."""
        changes: dict[Labels, Decimal] = {}
        for key, costs in self.parts.items():
            named = tuple(pair for pair in key if pair[0] not in but)
            changes[named] = changes.get(named, _NOTHING) + costs[0] - _median(costs[1:])
        moved = sorted((key for key in changes if changes[key]), key=lambda key: (-abs(changes[key]), key))
        found = [Driver(key, changes[key]) for key in moved[:_TOP]]
        rest = self.change - sum((driver.amount for driver in found), _NOTHING)
        return (*found, Driver(_REST, rest)) if rest else tuple(found)


def _median(values: Sequence[Decimal]) -> Decimal:
    """To the nano-unit."""
    return values[0] if len(values) == 1 else round(median(values), 9)

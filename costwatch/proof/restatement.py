"""Whether a later delivery takes away what was settled, or doubles it: days, lines or cost. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from costwatch.model import METRICS, Amounts
from costwatch.money import exact, units
from costwatch.wording import at_instant, on_day, percent, printable

_LOSS = Decimal("0.2")  # of lines, or of a cost: a larger one is doubted
_GROWTH = Decimal("0.5")  # of lines and of cost: late usage adds less to settled days

ByDay = Mapping[date, Mapping[str, Amounts]]  # of one source: day -> BillingCurrency -> what it holds


@dataclass(frozen=True, slots=True)
class Restatement:
    """What one source said of settled days of a billing period, and what its newest delivery says of them.

    known_at: of the delivery that took something away, or added too much (UTC). is_held: ``after`` is not
    published.
    """

    period: date
    source: str
    known_at: datetime
    before: ByDay
    after: ByDay
    is_held: bool = False

    @property
    def lost_days(self) -> tuple[date, ...]:
        """Those that have no line any more."""
        return tuple(sorted(day for day in self.before if not line_count(self.after.get(day, {}))))

    @property
    def is_doubted(self) -> bool:
        """Whether someone has to look at it."""
        return bool(self.losses or self.additions)

    @property
    def losses(self) -> tuple[str, ...]:
        """What is taken away, each in words; less than a fifth of lines or of a cost is none."""
        found = []
        if days := self.lost_days:
            found.append(f"{len(days)} of {len(self.before)} settled days ({', '.join(_runs(days))})")
        for currency, (before, after) in sorted(self._sums().items()):
            if _lost(before.line_count, after.line_count):
                lost = before.line_count - after.line_count
                share = percent(Decimal(lost) / before.line_count)
                found.append(f"{lost:,} of {before.line_count:,} lines in {currency} ({share})")
            found += _costs(before, after, currency, _lost)
        return tuple(found)

    @property
    def additions(self) -> tuple[str, ...]:
        """What is added, each in words, where lines and costs both grow by more than half."""
        found: list[str] = []
        for currency, (before, after) in sorted(self._sums().items()):
            costs = [(abs(before.nano(metric)), abs(after.nano(metric))) for metric in METRICS]
            both = [(before.line_count, after.line_count), *(pair for pair in costs if any(pair))]
            if len(both) > 1 and all(_doubled(*pair) for pair in both):
                added = after.line_count - before.line_count
                share = percent(Decimal(added) / before.line_count)
                found.append(f"{added:,} to {before.line_count:,} lines in {currency} ({share})")
                found += _costs(before, after, currency, _doubled)
        return tuple(found)

    @property
    def text(self) -> str:
        """What is lost, since when, and what to do, in a sentence."""
        month = f"{self.period:%Y-%m}"
        kept = "what was published before is kept" if self.is_held else "it is published all the same"
        right = "to take it" if self.is_held else "if that is right"
        told = {"takes away": self.losses, "adds": self.additions}
        does = " and ".join(f"{verb} {'; '.join(said)}" for verb, said in told.items() if said)
        return printable(
            f"{self.source}: the delivery of {month} that came by {at_instant(self.known_at)} "
            f"{does}: {kept}; {right}, run: costwatch allocate --accept {month}; "
            "if it is wrong, have the whole month delivered again and run: costwatch collect, then allocate"
        )

    def _sums(self) -> dict[str, tuple[Amounts, Amounts]]:
        """currency -> before and after, over the days before."""
        currencies = {currency for of in self.before.values() for currency in of}
        return {
            currency: (
                sum((of.get(currency, Amounts()) for of in self.before.values()), Amounts()),
                sum((self.after.get(day, {}).get(currency, Amounts()) for day in self.before), Amounts()),
            )
            for currency in currencies
        }


def _costs(
    before: Amounts, after: Amounts, currency: str, is_odd: Callable[[int, int], bool]
) -> Iterator[str]:
    amounts = {metric: (before.nano(metric), after.nano(metric)) for metric in METRICS}
    odd = {metric: pair for metric, pair in amounts.items() if is_odd(abs(pair[0]), abs(pair[1]))}
    for pair in dict.fromkeys(odd.values()):
        was, now = (exact(units(nano), currency) for nano in pair)
        yield f"{' and '.join(metric for metric in odd if odd[metric] == pair)} from {was} to {now}"


def line_count(of: Mapping[str, Amounts]) -> int:
    """The lines of a day, of all currencies."""
    return sum(amounts.line_count for amounts in of.values())


def _lost(before: int, after: int) -> bool:
    return before - after > _LOSS * before


def _doubled(before: int, after: int) -> bool:
    return after - before > _GROWTH * before > 0


def _runs(days: Iterable[date]) -> Iterator[str]:
    """``4 Oct 2026``, ``6 Oct 2026 to 9 Oct 2026``, …"""
    days = list(days)
    breaks = [at for at, (day, after) in enumerate(pairwise(days), start=1) if (after - day).days > 1]
    for start, end in pairwise([0, *breaks, len(days)]):
        first, last = days[start], days[end - 1]
        yield on_day(first) if first == last else f"{on_day(first)} to {on_day(last)}"

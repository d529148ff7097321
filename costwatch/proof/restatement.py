"""Whether a later delivery takes away what was settled: days, lines or cost of a billing period. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from costwatch.model import METRICS, Amounts
from costwatch.money import exact, units
from costwatch.wording import at_instant, on_day, percent, printable

_LOSS = Decimal("0.2")  # of lines, or of a cost: a larger one is doubted

ByDay = Mapping[date, Mapping[str, Amounts]]  # of one source: day -> BillingCurrency -> what it holds


@dataclass(frozen=True, slots=True)
class Restatement:
    """What one source said of settled days of a billing period, and what its newest delivery says of them.

    known_at: since when it lacks something (UTC). is_held: ``after`` is not published.
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
        return tuple(sorted(day for day in self.before if not _lines(self.after.get(day, {}))))

    @property
    def losses(self) -> tuple[str, ...]:
        """What is doubted, each in words; none: nothing is."""
        found = []
        if days := self.lost_days:
            found.append(f"{len(days)} of {len(self.before)} settled days ({', '.join(_runs(days))})")
        for currency, (before, after) in sorted(self._sums().items()):
            if _lost(before.line_count, after.line_count):
                lost = before.line_count - after.line_count
                share = percent(Decimal(lost) / before.line_count)
                found.append(f"{lost:,} of {before.line_count:,} lines in {currency} ({share})")
            found += _costs_lost(before, after, currency)
        return tuple(found)

    @property
    def text(self) -> str:
        """What is lost, since when, and what to do, in a sentence."""
        month = f"{self.period:%Y-%m}"
        kept = "what was published before is kept" if self.is_held else "it is published all the same"
        right = "to take it" if self.is_held else "if that is right"
        return printable(
            f"{self.source}: the delivery of {month} that came by {at_instant(self.known_at)} takes away "
            f"{'; '.join(self.losses)}: {kept}; {right}, run: costwatch allocate --accept {month}; "
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


def _costs_lost(before: Amounts, after: Amounts, currency: str) -> Iterator[str]:
    amounts = {metric: (before.nano(metric), after.nano(metric)) for metric in METRICS}
    lost = {metric: pair for metric, pair in amounts.items() if _lost(abs(pair[0]), abs(pair[1]))}
    for pair in dict.fromkeys(lost.values()):
        was, now = (exact(units(nano), currency) for nano in pair)
        yield f"{' and '.join(metric for metric in lost if lost[metric] == pair)} from {was} to {now}"


def _lines(of: Mapping[str, Amounts]) -> int:
    return sum(amounts.line_count for amounts in of.values())


def _lost(before: int, after: int) -> bool:
    return before - after > _LOSS * before


def _runs(days: Iterable[date]) -> Iterator[str]:
    """``4 Oct 2026``, ``6 Oct 2026 to 9 Oct 2026``, …"""
    days = list(days)
    breaks = [at for at, (day, after) in enumerate(pairwise(days), start=1) if (after - day).days > 1]
    for start, end in pairwise([0, *breaks, len(days)]):
        first, last = days[start], days[end - 1]
        yield on_day(first) if first == last else f"{on_day(first)} to {on_day(last)}"

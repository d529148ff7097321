"""What teams carry in the days of spans, for splits that go by it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import accumulate

from costwatch.model import RESIDUALS
from costwatch.plugins import Carried, Span, Weighing


def carried_by_span(asked: Weighing, spans: Sequence[Span]) -> Iterator[tuple[Span, Mapping[str, int]]]:
    """Of each span the EffectiveCost (nano-units) of the teams that carry more than nothing.

    It is that of the span's days and currency; what residuals carry is left out.
    """
    sums = _running_sums(asked.carried)
    for span in spans:
        yield span, {team: each for team, each in _within(sums[span.currency], span) if each > 0}


_Sums = Mapping[str, tuple[Sequence[date], Sequence[int]]]  # team -> days, and what it carries up to each


def _running_sums(carried: Sequence[Carried]) -> Mapping[str, _Sums]:
    """By currency, so that a span needs to add up nothing."""
    days: dict[tuple[str, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for each in carried:
        if each.team not in RESIDUALS:
            days[each.currency, each.team][each.day] += each.EffectiveCostNano
    found: dict[str, dict[str, tuple[Sequence[date], Sequence[int]]]] = defaultdict(dict)
    for (currency, team), of_days in sorted(days.items()):
        ordered = sorted(of_days)
        found[currency][team] = ordered, [0, *accumulate(of_days[day] for day in ordered)]
    return found


def _within(sums: _Sums, span: Span) -> Iterator[tuple[str, int]]:
    for team, (days, running) in sums.items():
        yield team, running[bisect_left(days, span.after)] - running[bisect_left(days, span.first)]

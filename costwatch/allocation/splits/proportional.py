"""Split ``proportional``: by what teams carry already."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import accumulate
from math import floor

from costwatch.model import RESIDUALS
from costwatch.plugins import Carried, Span, SplitSettings, Weighing, Weight

_WEIGHT_SUM = 1e9


class ProportionalPool(SplitSettings):
    """Shared by what each team already carries (EffectiveCost) of the pools above it and of owners."""

    def weighed_by(self, team: str) -> str:
        """See ``SplitSettings``."""
        return "proportional to EffectiveCost"

    def weights(self, asked: Weighing) -> Iterator[Weight]:
        """Within each span's days, of its currency; scaled by the largest."""
        sums = _running_sums(asked.carried)
        for span in asked.spans:
            carried = {team: each for team, each in _within(sums[span.currency], span) if each > 0}
            if carried:
                scale = floor(_WEIGHT_SUM / len(carried)) / float(max(carried.values()))
                for team, each in carried.items():
                    yield Weight(span.number, team, floor(float(each) * scale))


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

"""Split ``proportional``: by what teams carry already."""

from collections.abc import Iterator
from math import floor

from costwatch.allocation.carried import carried_by_span
from costwatch.plugins import SplitSettings, Weighing, Weight

_WEIGHT_SUM = 1e9


class ProportionalPool(SplitSettings):
    """Shared by what each team already carries (EffectiveCost) of the pools above it and of owners."""

    def weighed_by(self, team: str) -> str:
        """See ``SplitSettings``."""
        return "proportional to EffectiveCost"

    def weights(self, asked: Weighing) -> Iterator[Weight]:
        """Within each span's days, of its currency; scaled by the largest."""
        for span, carried in carried_by_span(asked, asked.spans):
            if carried:
                scale = floor(_WEIGHT_SUM / len(carried)) / float(max(carried.values()))
                for team, each in carried.items():
                    yield Weight(span.number, team, floor(float(each) * scale))

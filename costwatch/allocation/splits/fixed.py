"""Split ``fixed``: by percentages."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from costwatch.allocation.teams import TeamName
from costwatch.plugins import SplitSettings, Weighing, Weight

_WEIGHT_OF_A_PERCENT = 10_000_000  # whole, as a percentage has at most 7 digits after the point


class FixedPool(SplitSettings):
    """Shared by percentages (percent: team -> number), which must sum to 100; ``over`` changes nothing."""

    percent: Mapping[TeamName, Annotated[Decimal, Field(ge=0, le=100, decimal_places=7)]]

    @model_validator(mode="after")
    def _sums_to_100(self) -> Self:
        total = sum(self.percent.values(), Decimal())
        if total != 100:
            raise ValueError(f"percent sums to {total}, not to 100")
        return self

    def weighed_by(self, team: str) -> str:
        """See ``SplitSettings``."""
        percent = self.percent.get(team)
        return "fixed percentages" if percent is None else f"fixed {percent.normalize():f} %"

    def weights(self, asked: Weighing) -> Iterator[Weight]:
        """See ``Split``."""
        weights = {team: int(percent * _WEIGHT_OF_A_PERCENT) for team, percent in self.percent.items()}
        for span in asked.spans:
            for team, weight in weights.items():
                yield Weight(span.number, team, weight)

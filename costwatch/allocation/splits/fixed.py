"""Split ``fixed``: by percentages."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from costwatch.allocation.teams import TeamName
from costwatch.plugins import SplitSettings


class FixedPool(SplitSettings):
    """Shared by percentages, which must sum to 100."""

    split: Literal["fixed"]
    percent: Mapping[TeamName, Annotated[Decimal, Field(ge=0, le=100, decimal_places=7)]]

    @model_validator(mode="after")
    def _sums_to_100(self) -> Self:
        total = sum(self.percent.values(), Decimal())
        if total != 100:
            raise ValueError(f"percent sums to {total}, not to 100")
        return self

"""What ``costwatch.yaml`` says of settling and of budgets."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from costwatch.model import BEFORE_CREDITS, CREDITS, REFUNDS
from costwatch.plugins import Settings

CostMetric = Literal["EffectiveCost", "BilledCost", "EffectiveCostBeforeCredits", "BilledCostBeforeCredits"]


class Settle(Settings):
    """When a cost day is settled, and when its billing period is closed.

    A day is settled ``age_hours`` after it ended if it has at least ``min_line_share`` of the median
    lines of the seven settled days before it (of a source whose lines are sums, such as Cost Explorer:
    ``min_amount_share`` of the median cost of the same weekday in the four settled weeks before), and in
    any case ``at_most_days`` after it ended: a lasting drop in usage cannot hold back every later day.
    A bill whose newest day is longer ago than ``at_most_days`` is late, unless a rule of kind freshness says
    otherwise. A period is closed ``close_after_days`` after it ended (AWS may restate a bill for about two
    weeks). source_estimates: a day that its source itself calls estimated stays so until its period is
    closed; Cost Explorer says so of the whole month until its invoice is issued, so a bill from there settles
    earlier with ``false``. hold: a delivery that takes settled days, or much of their lines or cost, away is
    not published until someone accepts it by ``costwatch allocate --accept``; else it is, with a finding.
    """

    age_hours: float = Field(default=48, ge=0)
    min_line_share: float = Field(default=0.9, ge=0, le=1)
    min_amount_share: float = Field(default=0.8, ge=0, le=1)
    at_most_days: float = Field(default=7, ge=0)
    close_after_days: float = Field(default=14, ge=0)
    source_estimates: bool = True
    hold: bool = False


class BudgetSettings(Settings):
    """What a team (or, with ``team: "*"``, everyone) may spend in each month or quarter.

    include: which of credits, refunds and tax count; left out, all that the metric holds.
    """

    team: str = "*"
    amount: Annotated[Decimal, Field(gt=0, max_digits=18)]
    period: Literal["month", "quarter"] = "month"
    metric: CostMetric = "EffectiveCost"
    include: tuple[Literal["credits", "refunds", "tax"], ...] | None = None
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    name: str = ""  # empty: "<team> <period>"

    @field_validator("include")
    @classmethod
    def _each_once(cls, include: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if include is not None and len(set(include)) < len(include):
            raise ValueError("names one of them twice; name each once")
        return include

    @model_validator(mode="after")
    def _is_before_credits(self) -> Self:
        if self.metric in BEFORE_CREDITS.values() and {CREDITS, REFUNDS} & {*(self.include or ())}:
            raise ValueError(f"{self.metric} holds no credits and refunds that 'include' could count")
        return self

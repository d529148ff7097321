"""What ``costwatch.yaml`` says of settling, of budgets, of unit costs and of runs."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from costwatch.cost.dimensions import all_as_kept
from costwatch.model import BEFORE_CREDITS, CREDITS, DIMENSIONS, REFUNDS, allocated_key, is_dimension
from costwatch.plugins import Settings, accepted, one_of

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


CostLabel = Annotated[str, one_of(DIMENSIONS, "label of cost", is_known=is_dimension)]
_Value = Annotated[str, Field(min_length=1)]
_Values = _Value | Annotated[tuple[_Value, ...], Field(min_length=1)]
_ByLabel = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]


class UnitCostSettings(Settings):
    """What one unit of what is made costs, day by day: a slice of cost ÷ a measured volume.

    name: what one unit is, such as ``prediction``. volume: the measure that counts them. per: of how many
    the cost is told. where: the slice of cost, by labels and values as ``costwatch cost show`` filters them
    (``team``, ``system``, ``service``, ``allocated:KEY``); left out, everything. by: labels that both
    sides are grouped by: of the volume, the label of that name; of cost, the dimension of that name or, where
    cost has no such dimension, ``allocated:NAME``. metric, currency: of the cost; other currencies are not
    looked at. min_coverage: the share of a day on which the volume must have been measured.

    A day whose volume is 0, was not measured for that share of the day, or never arrived has no unit cost: it
    is unknown, and so is a group of which only one side is known. What is missing of a volume is not made up.
    """

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_ -]*$", max_length=80)
    volume: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    per: Decimal = Field(default=Decimal(1), gt=0, max_digits=18)
    where: Mapping[CostLabel, _Values] = Field(default_factory=dict)
    by: tuple[_ByLabel, ...] = ()
    metric: CostMetric = "EffectiveCost"
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    min_coverage: float = Field(default=0.9, gt=0, le=1)

    @model_validator(mode="after")
    def _is_of_one_currency(self) -> Self:
        if "currency" in self.where or "currency" in self.by:
            raise ValueError("is told in one currency; write it beside 'where', such as currency: EUR")
        if twice := [name for name, count in Counter(self.by).items() if count > 1]:
            raise ValueError(f"'by' names '{twice[0]}' twice; name each label once")
        return self

    @property
    def slice(self) -> dict[str, tuple[str, ...]]:
        """What of cost it is: label -> values."""
        return {**all_as_kept(accepted(self.where)), "currency": (self.currency,)}

    @property
    def unit(self) -> str:
        """``per prediction``, ``per 1,000 predictions``."""
        return f"per {self.name}" if self.per == 1 else f"per {self.per.normalize():,f} {self.volume}"


class RunsSettings(Settings):
    """How runs are told apart.

    label: of pods, that names their run; a source must keep it (``pod_labels``).
    """

    label: str = "run_id"

    @field_validator("label")
    @classmethod
    def _can_be_asked(cls, label: str) -> str:
        if not label or allocated_key(f"label:{label}") is None:
            raise ValueError("must be the key of a label of pods, such as run_id")
        return label

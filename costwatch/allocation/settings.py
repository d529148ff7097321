"""What ``costwatch.yaml`` says of teams, of pools of shared cost, of settling and of budgets."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from costwatch.model import RESIDUALS
from costwatch.plugins import Settings

TeamName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]*$", max_length=80)]


class Claim(Settings):
    """An account or another name of a team, from ``valid_from`` (a UTC day) on; None: always.

    Where two teams claim the same thing, the later ``valid_from`` not after the charge's day wins.
    """

    id: str
    valid_from: date | None = None


class Team(Settings):
    """A team that pays.

    name: as shown; also its tag value, compared without case. aliases: other tag or cost-category
    values that mean it. accounts: SubAccountIds whose untagged charges it carries. contact: who to
    ask, shown in alerts (for Slack a mention such as ``<!subteam^S123>``).
    """

    name: TeamName
    aliases: tuple[str | Claim, ...] = ()
    accounts: tuple[str | Claim, ...] = ()
    contact: str = ""

    @model_validator(mode="after")
    def _name_is_free(self) -> Self:
        if self.name.lower() in (*RESIDUALS, "*"):
            raise ValueError(f"'{self.name}' names a residual; call the team something else")
        return self


Matches = str | tuple[str, ...]


class Match(Settings):
    """Which charges a pool takes: every condition must hold, each by equality with one of its values.

    Keys are FOCUS columns (``ServiceName``, ``ChargeCategory``, ``SubAccountId``, ``ResourceId`` …);
    ``Tags`` holds tag key -> value or values.
    """

    ProviderName: Matches | None = None
    BillingAccountId: Matches | None = None
    SubAccountId: Matches | None = None
    ServiceName: Matches | None = None
    RegionId: Matches | None = None
    ChargeCategory: Matches | None = None
    ChargeClass: Matches | None = None
    CommitmentDiscountStatus: Matches | None = None
    ResourceId: Matches | None = None
    x_UsageType: Matches | None = None
    Tags: Mapping[str, Matches] = Field(default_factory=dict)


class _Pool(Settings):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]*$")
    match: Match = Match()


class OwnerPool(_Pool):
    """Charges go to their owner: the first of tags, cost categories, accounts that names a team."""

    split: Literal["owner"]
    tags: tuple[str, ...] = ("team",)
    cost_categories: tuple[str, ...] = ("team",)


class ProportionalPool(_Pool):
    """Shared by what each team already carries (EffectiveCost) of the pools above it and of owners."""

    split: Literal["proportional"]


class EvenPool(_Pool):
    """Shared evenly, among ``teams`` or all teams."""

    split: Literal["even"]
    teams: tuple[TeamName, ...] = ()


class FixedPool(_Pool):
    """Shared by percentages, which must sum to 100."""

    split: Literal["fixed"]
    percent: Mapping[TeamName, Annotated[Decimal, Field(ge=0, le=100, decimal_places=7)]]

    @model_validator(mode="after")
    def _sums_to_100(self) -> Self:
        total = sum(self.percent.values(), Decimal())
        if total != 100:
            raise ValueError(f"percent sums to {total}, not to 100")
        return self


Pool = Annotated[OwnerPool | ProportionalPool | EvenPool | FixedPool, Field(discriminator="split")]


class Settle(Settings):
    """When a cost day is settled, and when its billing period is closed.

    A day is settled ``age_hours`` after it ended if it has at least ``min_line_share`` of the median
    lines of the seven settled days before it, and in any case ``at_most_days`` after it ended, so
    that a lasting drop in usage cannot hold back every later day. A period is closed
    ``close_after_days`` after it ended (AWS may restate a bill for about two weeks). source_estimates: a
    day that its source itself calls estimated stays so until its period is closed; Cost Explorer says so
    of the whole month until its invoice is issued, so a bill from there settles earlier with ``false``.
    """

    age_hours: float = Field(default=48, ge=0)
    min_line_share: float = Field(default=0.9, ge=0, le=1)
    at_most_days: float = Field(default=7, ge=0)
    close_after_days: float = Field(default=14, ge=0)
    source_estimates: bool = True


class Budget(Settings):
    """What a team (or, with ``team: "*"``, everyone) may spend in each month or quarter."""

    team: str = "*"
    amount: Annotated[Decimal, Field(gt=0, max_digits=18)]
    period: Literal["month", "quarter"] = "month"
    metric: Literal["EffectiveCost", "BilledCost"] = "EffectiveCost"
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    name: str = ""  # empty: "<team> <period>"


class Allocation(Settings):
    """The part of ``costwatch.yaml`` by which the bill is allocated."""

    teams: tuple[Team, ...] = ()
    pools: tuple[Pool, ...] = ()
    budgets: tuple[Budget, ...] = ()
    settle: Settle = Settle()

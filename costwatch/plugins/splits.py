"""The door for splits: how a pool of charges is given to teams."""

from collections.abc import Mapping

from pydantic import Field

from costwatch.plugins.settings import Settings

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


class SplitSettings(Settings):
    """What all pools share: ``name``, and which charges they ``match``."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]*$")
    match: Match = Match()

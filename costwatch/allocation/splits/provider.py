"""Split ``provider``: as the provider itself splits its machines over what ran on them."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from costwatch.allocation.teams import TeamName
from costwatch.plugins import Settings, SplitSettings, Weighing, Weights

TeamFrom = Literal["label", "namespace label", "namespace"]
_NAMED = 3


class Receiver(Settings):
    """The team that is given it."""

    team: TeamName


class ProviderPool(SplitSettings):
    """Each machine to the teams of the pods and tasks that its provider split it over, day by day.

    For CUR 2.0 with split cost allocation data of EKS and ECS. The machine's own line is split, by the shares
    that its split lines say; these are never counted on top of it. A machine without such lines is
    ``unmeasured``. What FOCUS 1.3 allots to other resources needs no split: those are lines of their own,
    whose ``AllocatedTags`` name the owner.

    labels: keys of tags of split lines that name a team. namespaces: namespace -> team, for those that no
    team is called like. idle, of what the provider calls unused: ``keep``, ``share`` it as the provider does,
    or ``{team: platform}``.

    Example::

        - {name: eks, split: provider, match: {ServiceName: Amazon Elastic Compute Cloud - Compute},
           idle: share}
    """

    columns: ClassVar[tuple[str, ...]] = ("ResourceId",)

    labels: tuple[str, ...] = ("team",)
    namespaces: Mapping[str, TeamName] = Field(default_factory=dict)
    idle: Literal["keep", "share"] | Receiver = "keep"

    @property
    def team_from(self) -> tuple[TeamFrom, ...]:
        """Where the team of a workload is looked for, in this order."""
        return ("label", "namespace")

    def weighed_by(self, team: str) -> str:
        """See ``SplitSettings``."""
        return "as the provider splits its machines"

    def weights(self, asked: Weighing) -> Weights:
        """See ``Split``."""
        # Here: numpy and Arrow are not needed to read a configuration.
        from costwatch.allocation.clusters.machines import split_by_provider

        idle = self.idle if isinstance(self.idle, str) else self.idle.team
        return split_by_provider(self, asked, asked.batches.rows("split_lines", asked.period), idle)

    def notes(self, asked: Weighing) -> Iterator[str]:
        """Machines whose parts are not their cost."""
        found = asked.batches.rows("split_hours", asked.period).to_pylist()
        if found:
            found.sort(key=lambda row: (-abs(row["told"] - row["amortised"]), row["parent"]))
            named = "; ".join(
                f"{row['parent']}, {row['told']:.2f} of {row['amortised']:.2f} in {row['hours']} of its hours"
                for row in found[:_NAMED]
            )
            more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            yield (
                f"the provider's parts of some machines are not their amortised cost: {named}{more}. Their "
                "shares are taken as they are; ask the provider about these"
            )

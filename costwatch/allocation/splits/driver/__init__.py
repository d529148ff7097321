"""Split ``driver``: what many share, by what is measured of each: queries, messages, requests, seconds."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from costwatch.allocation.collected import daily_inputs
from costwatch.allocation.teams import TeamName
from costwatch.model import UNMEASURED, Window
from costwatch.model.names import folded
from costwatch.plugins import Batches, Input, Measured, Settings, SplitSettings, Weighing, Weights

if TYPE_CHECKING:
    from costwatch.allocation.splits.driver.placing import Placed

TABLE = "measure_days"


class Receiver(Settings):
    """The team that is given it."""

    team: TeamName


class DriverPool(SplitSettings):
    """Each charge by the values that a measure had on its days, each value to the team that its label names.

    A measure is what a source says under ``measures:``; several sources of one measure add up. Values below 0
    count as 0, and the measured part of a day stands for the whole day. All labels of a value are told of its
    part, so that cost can be asked by them: ``allocated:schema``.

    driver: the name of the measure. sources: only what these collected. label: the label whose value names
    the owner; left out, ``team`` where there is one, else the only one. owners: value -> team; any other is
    looked up among the names and aliases of teams, as tags are. fallback, of what belongs to nobody, and of
    days on which nothing was measured or all was 0: ``unmeasured``, ``even`` over all teams, ``carried`` (by
    what teams carry already) or ``{team: platform}``. min_coverage: a day on which the measure was measured
    for less than this share is not used. resource: a label that names resources, by ``ResourceId`` or by how
    its ARN ends; the lines of each are then split by its own values only.

    Example::

        - {name: mysql, split: driver, match: {ServiceName: Amazon Relational Database Service},
           driver: mysql_time, label: schema, owners: {payments_db: payments}}
        - {name: gateway, split: driver, carried_by: platform, driver: requests, fallback: carried}
    """

    driver: str = Field(min_length=1)
    sources: tuple[str, ...] = ()
    label: str = ""
    owners: Mapping[str, TeamName] = Field(default_factory=dict)
    fallback: Literal["unmeasured", "even", "carried"] | Receiver = "unmeasured"
    min_coverage: Annotated[float, Field(ge=0, le=1)] = 0.5
    resource: str = ""

    @model_validator(mode="after")
    def _owners_are_one(self) -> Self:
        known: dict[str, str] = {}
        for value, team in self.owners.items():
            if known.setdefault(folded(value), team) != team:
                raise ValueError(
                    f"'{value}' is spelt twice in 'owners', for two teams; leave one of them out"
                )
        return self

    @property
    def columns(self) -> tuple[str, ...]:  # type: ignore[override]  # of others a constant
        """Resources, where the measure tells them apart."""
        return ("ResourceId",) if self.resource else ()

    def inputs(self, period: Window, batches: Batches) -> Iterator[Input]:
        """See ``Split``: each day of each source; missing are those since its first that are not there."""
        return daily_inputs(f"measure {self.driver}", (TABLE,), self.sources, period, batches)

    def weighed_by(self, team: str) -> str:
        """See ``SplitSettings``."""
        by = f"{self.driver} by {self.label}" if self.label else self.driver
        if team != UNMEASURED:
            return by
        return (
            f"what of {by} belongs to nobody, or less than {self.min_coverage * 100:g} % of its day measured"
        )

    def weights(self, asked: Weighing) -> Weights:
        """See ``Split``."""
        return self._placed(asked).weights()

    def notes(self, asked: Weighing) -> Iterator[str]:
        """Days hardly measured, values of nobody and resources without any; units that cannot be added up."""
        # Here: numpy and Arrow are not needed to read a configuration.
        from costwatch.allocation.splits.driver.noting import notes

        return notes(self, asked)

    def measured(self, asked: Weighing) -> Iterable[Measured]:
        """See ``SplitSettings``."""
        return self._placed(asked).measured()

    def _placed(self, asked: Weighing) -> "Placed":
        from costwatch.allocation.splits.driver.placing import Placed

        return Placed(self, asked)

"""Systems: what engineers own and run, such as the feature store. They join money, SLOs, pages and owner."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from costwatch.model import NO_SYSTEM
from costwatch.plugins import Settings

SystemName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_. -]*[A-Za-z0-9_.-])?$", max_length=80)]
# Nothing is told by what is not there: whatever has no tag, account or resource would be meant.
Value = Annotated[str, Field(min_length=1)]
Values = Value | tuple[Value, ...]


class SystemMatch(Settings):
    """What belongs to a system: whatever any of these keys names, by equality with one of its values.

    tags: tag key -> value or values, compared as all names are. accounts: SubAccountIds. resources:
    ResourceIds. pools: names of ``pools``, for what is shared and known by its pool. namespaces, workloads:
    of Kubernetes; they match usage, not lines of a bill.
    """

    tags: Mapping[Value, Value | Annotated[tuple[Value, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    accounts: Values = ()
    resources: Values = ()
    pools: Values = ()
    namespaces: Values = ()
    workloads: Values = ()

    @model_validator(mode="after")
    def _matches_something(self) -> Self:
        if not any(getattr(self, key) for key in type(self).model_fields):
            raise ValueError(
                "must name something; give tags, accounts, resources, pools, namespaces or workloads"
            )
        return self

    @property
    def is_of_usage_only(self) -> bool:
        """Whether no line of a bill can match."""
        return not (self.tags or self.accounts or self.resources or self.pools)


class System(Settings):
    """A system of ``costwatch.yaml``.

    name: as shown; the label ``system``. team: who owns it; empty: nobody. tier: how much depends on it, 1
    the most.
    match: what belongs to it. A charge belongs to the first system that it matches; what matches none
    is ``no system``.
    """

    name: SystemName
    team: str = ""
    tier: Annotated[int, Field(ge=1, le=9)] | None = None
    match: SystemMatch

    @model_validator(mode="after")
    def _name_is_free(self) -> Self:
        if self.name.lower() in (NO_SYSTEM, "*"):
            raise ValueError(f"'{self.name}' names what belongs to no system; call the system something else")
        return self


def listed(values: Values) -> tuple[str, ...]:
    """One value or several as a tuple."""
    return (values,) if isinstance(values, str) else values

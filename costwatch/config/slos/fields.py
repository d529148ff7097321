"""What fields of several formats of SLO files are."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, GetPydanticSchema

from costwatch.plugins import Settings
from costwatch.slo.objectives import Indicator, Query
from costwatch.slo.promql import bucket_of, grouping_of, query_of, selector_of


def _share_of_percent(percent: Decimal) -> Decimal:
    if percent >= 100:
        raise ValueError("must be below 100, for of 100 % no error budget is left; write 99.9 or the like")
    if percent <= 1:
        raise ValueError("must be a percentage; write 99.9 for 0.999")
    return percent / 100


def _share(share: Decimal) -> Decimal:
    if share >= 1:
        raise ValueError("must be below 1, for then no error budget is left; write 0.999 for 99.9 %")
    if share <= 0:
        raise ValueError("must be above 0; write 0.999 for 99.9 %")
    return share


OWN_OF_PYRRA = "pyrra.dev/"  # labels that begin so are those of Pyrra's rules, without it
# What is written is text; what is read is the query, or the share.
PromQL = Annotated[
    Query,
    GetPydanticSchema(lambda _, handler: handler(Annotated[str, Field(min_length=1)])),
    AfterValidator(query_of),
]
Selector = Annotated[str, Field(min_length=1), AfterValidator(selector_of)]
BucketSelector = Annotated[str, Field(min_length=1), AfterValidator(bucket_of)]
Percent = Annotated[Decimal, AfterValidator(_share_of_percent)]
Share = Annotated[Decimal, AfterValidator(_share)]
Labels = Mapping[str, str]

_Item = TypeVar("_Item")


class Metadata(Settings):
    """Of a Kubernetes resource; what its server adds is let be."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1)
    namespace: str = ""
    labels: Labels = Field(default_factory=dict)
    annotations: Labels = Field(default_factory=dict)


class Resource(Settings):
    """What every Kubernetes resource has; ``status`` is its server's."""

    apiVersion: str
    kind: str
    metadata: Metadata
    status: Any = None


def some(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """A list that is not empty; pydantic's own limit complains of items that it could not read, too."""
    if not items:
        raise ValueError("must have one item or more")
    return items


def grouping(indicator: Indicator) -> tuple[str, ...]:
    """The labels that its queries tell instances apart by, as far as they say so."""
    known = indicator.total or indicator.bad
    return grouping_of(known) if known else ()


def weighed(indicator: Indicator) -> tuple[str, ...]:
    """A sentence where its budget is of time, not of events."""
    if not indicator.total:
        return ("its error ratio has no total, so every five minutes weigh the same, however many events",)
    if indicator.is_approximate:
        return ("its queries count no events, so every five minutes weigh the same: approximate",)
    return ()

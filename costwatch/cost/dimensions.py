"""Dimensions of cost that ``costwatch.yaml`` adds, such as the product: keys of AllocatedTags. Pure."""

from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from costwatch.cost.line_labels import KEYED_LABELS, LINE_LABELS
from costwatch.cost.systems import Value, listed
from costwatch.model import DIMENSIONS, KEYED_DIMENSIONS, is_configured
from costwatch.model.names import folded, folded_key
from costwatch.plugins import Settings

# What alerts, addresses of pages and options of commands call otherwise.
_TAKEN = (
    *("rule", "severity", "budget", "period", "day", "range", "mode", "metric", "unit", "by", "from", "to"),
    *("last", "per_day", "as_of", "converted", "json", "csv", "help", "config", "db", "now", "verbose"),
    *("quiet", "no_color", "usage_by", "lines", "where", "limit", "measure", "unit_cost"),
)
_OF_POD = "label:"


def _free(name: str) -> str:
    if name in (*DIMENSIONS, *KEYED_DIMENSIONS, *LINE_LABELS, *KEYED_LABELS, *_TAKEN):
        raise ValueError(f"'{name}' is what something else is called; call the dimension otherwise")
    return name


DimensionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40), AfterValidator(_free)]


class Dimension(Settings):
    """What cost can be told apart by, besides what it is always told by.

    tag: the tag of a line of the bill that says it; of several, the first that has a value.
    """

    tag: Value | Annotated[tuple[Value, ...], Field(min_length=1)]

    @property
    def tags(self) -> tuple[str, ...]:
        """``tag``, as a tuple."""
        return listed(self.tag)


Dimensions = Mapping[str, Dimension]


def as_kept(label: str, value: str) -> str:
    """A value of a label of cost as facts have it: those of dimensions are folded."""
    return folded(value) if is_configured(label) and value != f"no {label}" else value


def all_as_kept(where: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """The same of every value of a filter."""
    return {name: tuple(as_kept(name, value) for value in values) for name, values in where.items()}


def of_line(dimensions: Dimensions, values: Mapping[str, str]) -> dict[str, str]:
    """What a line says of them. values: of its tags, by folded key.

    Values are kept as they are compared, folded: spellings of one name are one, in every period.
    """
    told = {
        name: next(filter(None, (folded(values.get(folded_key(tag), "")) for tag in dimension.tags)), "")
        for name, dimension in dimensions.items()
    }
    return {name: value for name, value in told.items() if value}


def of_part(dimensions: Dimensions, tags: Mapping[str, str]) -> dict[str, str]:
    """AllocatedTags that a split told, with them: told by their names, else by the labels of pods."""
    pods = {
        folded_key(key.removeprefix(_OF_POD)): value for key, value in tags.items() if key.startswith(_OF_POD)
    }
    named = {name: folded(tags[name]) for name in dimensions if name in tags}
    return {**tags, **of_line(dimensions, pods), **named}


def passed_on(dimensions: Dimensions, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The AllocatedTags of a part, of what was split and of what the split told, which comes first.

    What tells nothing leaves all as it was; what tells something takes the place of all but dimensions.
    """
    if not after:
        return {**before}
    return {**{name: value for name, value in before.items() if name in dimensions}, **after}

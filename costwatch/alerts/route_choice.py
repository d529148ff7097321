"""Why a route takes an alert, and why the others do not. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from costwatch.alerts.matchers import Matcher
from costwatch.alerts.routing import Node


class Outcome(StrEnum):
    """What became of an alert at one route."""

    TAKES = "takes it"
    PASSES_ON = "passes it on"
    NO_MATCH = "no"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Choice:
    """One route of the tree, ``depth`` below its root, and what becomes of an alert there and why.

    ``why`` holds text of labels, not escaped.
    """

    node: Node
    depth: int
    outcome: Outcome
    why: str = ""


def choices(root: Node, labels: Mapping[str, str], depth: int = 0) -> Iterator[Choice]:
    """Every route, from the root downwards, as an alert with these labels, which enters there, finds it."""
    takers = {id(node) for node in root.match(labels)}
    takes = id(root) in takers
    yield Choice(root, depth, Outcome.TAKES if takes else Outcome.PASSES_ON)
    taken_by = ""
    for child in root.children:
        failed = next((one for one in child.matchers if not one.matches(labels)), None)
        if taken_by:
            yield from _untried(child, depth + 1, f"{taken_by} took it, without 'continue'")
        elif failed is not None:
            value = labels.get(failed.label, "")
            is_what = f"is '{value}'" if value else "is not there"
            yield Choice(child, depth + 1, Outcome.NO_MATCH, f"{failed.label} {is_what}")
            for below in child.children:
                yield from _untried(below, depth + 2, "the route above it does not match")
        else:
            yield from choices(child, labels, depth + 1)
            taken_by = "" if child.goes_on else name_of(child)


def every_route(root: Node, depth: int = 0) -> Iterator[tuple[Node, int]]:
    """Every route, from the root downwards, with how deep it lies."""
    yield root, depth
    for child in root.children:
        yield from every_route(child, depth + 1)


def name_of(node: Node) -> str:
    """What a route takes: ``severity="page", team=~"ml.*"``; the root takes any alert."""
    return ", ".join(map(_spelled, node.matchers)) or "any alert"


def _spelled(matcher: Matcher) -> str:
    value = matcher.value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{matcher.label}{matcher.operator}"{value}"'


def _untried(node: Node, depth: int, why: str) -> Iterator[Choice]:
    for each, below in every_route(node, depth):
        yield Choice(each, below, Outcome.NOT_TRIED, why)

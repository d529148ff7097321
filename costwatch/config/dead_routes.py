"""Routes that no alert can come to."""

from collections.abc import Iterator, Mapping

from costwatch.alerts.matchers import Matcher, parsed
from costwatch.config.pools import texts
from costwatch.config.quote import quoted
from costwatch.config.tree import Place, Tree

Found = Iterator[tuple[int, str]]  # line, sentence
_NEVER = "no alert comes to this route"
_ANYTHING = ("=~", ".*")


def check_reachable(tree: Tree, place: Place = ("route",), above: Mapping[str, str] | None = None) -> Found:
    """Routes below that at ``place``: those behind one that takes all, or that want two values of a label.

    above: label -> the value that the routes above want.
    """
    takers: list[tuple[frozenset[Matcher], int]] = []
    for child, route in tree.entries((*place, "routes")):
        matchers = _matchers(tree, child)
        wanted, clash = dict(above or {}), ""
        for matcher in matchers if matchers is not None else ():
            if matcher.operator == "=" and wanted.setdefault(matcher.label, matcher.value) != matcher.value:
                clash = matcher.label
        taker = next((line for taken, line in takers if matchers is not None and taken <= matchers), None)
        if clash:
            both = f"it and those above it want two values of {quoted(clash)}"
            yield tree.line(child), f"{_NEVER}: {both}; remove one"
        elif taker is not None:
            why = f"the one on line {taker} takes all of them"
            yield tree.line(child), f"{_NEVER}: {why}; move it up, or let that one `continue: true`"
        for here, name in _always_muted(tree, child):
            what = f"{quoted(name)} is among its active_time_intervals, too"
            yield tree.value_line(here), f"this route never tells anyone: {what}; remove one"
        if matchers is not None and route.get("continue") in (None, "false", "no"):
            takers.append((matchers, tree.line(child)))
        yield from check_reachable(tree, child, wanted)


def _always_muted(tree: Tree, route: Place) -> Iterator[tuple[Place, str]]:
    active = [name for _, name in _intervals(tree, (*route, "active_time_intervals"))]
    for here, name in _intervals(tree, (*route, "mute_time_intervals")):
        if active == [name]:
            yield here, name


def _intervals(tree: Tree, place: Place) -> Iterator[tuple[Place, str]]:
    return texts(place, tree.at(place))


def _matchers(tree: Tree, place: Place) -> frozenset[Matcher] | None:
    """None where one cannot be read, which whoever reads the route tells."""
    try:
        here = (*place, "matchers")
        found = parsed(text for _, text in texts(here, tree.at(here)))
        return frozenset(each for each in found if (each.operator, each.value) != _ANYTHING)
    except ValueError:
        return None

"""What no single pool shows: pools that take nothing, and costs that would be given round in a circle."""

from collections.abc import Iterator, Mapping

from costwatch.config.drivers import check_drivers
from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Node, Place, Tree

Found = Iterator[tuple[int, str]]  # line, sentence


def check_pools(tree: Tree) -> Found:
    """Across the entries of ``pools``."""
    yield from _take_something(tree)
    yield from _give_to_others(tree)
    yield from _are_collected(tree)
    yield from check_drivers(tree)


def named_receivers(place: Place, pool: Mapping[str, Node]) -> Iterator[tuple[Place, str]]:
    """The teams that a pool names to give to, and where."""
    yield from texts((*place, "teams"), pool.get("teams"))
    for key in ("idle", "fallback"):
        if isinstance(given := pool.get(key), dict) and isinstance(team := given.get("team"), str):
            yield (*place, key, "team"), team
    for key in ("namespaces", "owners"):
        if isinstance(given := pool.get(key), dict):
            named = ((name, team) for name, team in given.items() if isinstance(team, str))
            yield from (((*place, key, name), team) for name, team in named)
    if isinstance(percent := pool.get("percent"), dict):
        yield from (((*place, "percent", team), team) for team in percent)


def texts(place: Place, nodes: Node) -> Iterator[tuple[Place, str]]:
    """Each text of a list, and where."""
    for index, node in enumerate(nodes if isinstance(nodes, list) else ()):
        if isinstance(node, str):
            yield (*place, index), node


def _take_something(tree: Tree) -> Found:
    above: int | None = None
    for place, pool in tree.entries(("pools",)):
        if "carried_by" in pool:
            continue
        if above:
            yield tree.line(place), f"this pool takes nothing: the one on line {above} takes all; move it up"
        elif not pool.get("match"):
            above = tree.line(place)
        if pool.get("name") == "direct" and pool.get("split") != "owner":
            yield (
                tree.line((*place, "name")),
                "'direct' is the pool of what no other takes; call this one otherwise",
            )


def _give_to_others(tree: Tree) -> Found:
    """A pool of what a team carries gives to others, and not to one whose cost was given on before."""
    given: dict[str, tuple[int, list[str]]] = {}  # team -> line of the pool that gives its cost on, to whom
    for place, pool in tree.entries(("pools",)):
        giver = pool.get("carried_by")
        if not isinstance(giver, str):
            continue
        named = [*named_receivers(place, pool)]
        for where, team in named:
            line = tree.value_line(where)
            if team == giver:
                yield line, f"{quoted(team)} would be given its own cost; leave it out"
            elif way := _way(team, giver, given):
                circle = " to ".join(map(quoted, (giver, *way)))
                yield (
                    line,
                    f"costs would go in a circle, {circle} (line {given[team][0]}); leave one of them out",
                )
            elif team in given:
                above = f"the pool on line {given[team][0]} has given the cost of {quoted(team)} on"
                yield line, f"{above}; move this one above it, or leave {quoted(team)} out"
        line, teams = given.get(giver, (tree.line(place), []))
        given[giver] = line, [*teams, *(team for _, team in named)]


def _are_collected(tree: Tree) -> Found:
    """Sources that a pool is weighed by."""
    known = [name for _, entry in tree.entries(("sources",)) if isinstance(name := entry.get("name"), str)]
    for place, pool in tree.entries(("pools",)):
        for where, name in texts((*place, "sources"), pool.get("sources")):
            if name not in known:
                yield tree.value_line(where), f"no source is called {quoted(name)}{instead(name, known)}"


def _way(start: str, end: str, given: Mapping[str, tuple[int, list[str]]]) -> list[str]:
    """By which teams the cost of ``start`` comes to ``end``; nothing where it does not."""
    ways, seen = [[start]], {start}
    for way in ways:  # grows while it is walked
        for team in given.get(way[-1], (0, []))[1]:
            if team == end:
                return [*way, end]
            if team not in seen:
                seen.add(team)
                ways.append([*way, team])
    return []

"""Which source asks for which objectives."""

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Tree
from costwatch.plugins import Collector
from costwatch.slo.collecting import SloCollector
from costwatch.slo.objectives import Objective


def asks_slos(source: Collector) -> TypeGuard[SloCollector]:
    """Whether a source measures SLOs."""
    return hasattr(source, "with_objectives")


def with_objectives(sources: Sequence[Collector], known: Sequence[Objective]) -> tuple[Collector, ...]:
    """Sources, those that measure SLOs with theirs."""
    return tuple(
        source.with_objectives(taken_by(source, known)) if asks_slos(source) else source for source in sources
    )


def taken_by(source: SloCollector, known: Sequence[Objective]) -> list[Objective]:
    """What a source takes of all objectives: of what can be asked, what it names, or everything."""
    named = set(getattr(source, "slos", ()))
    return [one for one in known if one.is_asked and (not named or named & {one.id, one.name})]


def unknown_names(tree: Tree, known: Sequence[Objective]) -> Iterator[tuple[int, str]]:
    """What sources of ``costwatch.yaml`` name, and no file has: line, sentence."""
    names = {name for one in known for name in (one.id, one.name)}
    for place, entry in tree.entries(("sources",)):
        named = entry.get("slos")
        for index, name in enumerate(named if isinstance(named, list) else ()):
            if isinstance(name, str) and name not in names:
                line = tree.value_line((*place, "slos", index))
                yield line, f"no SLO is called {quoted(name)}{instead(name, names)}"


def not_asked_once(
    sources: Sequence[Collector], known: Sequence[Objective]
) -> Iterator[tuple[Objective, str]]:
    """Objectives that no source asks for, though some ask for others; and those that two ask for."""
    asking = [source for source in sources if asks_slos(source)]
    taken = {source.name: {one.id for one in taken_by(source, known)} for source in asking}
    for one in known if asking else ():
        names = [name for name, ids in taken.items() if one.id in ids]
        if one.is_asked and not names:
            yield one, f"SLO {quoted(one.id)} is asked for by no source; name it under 'slos' of one"
        if len(names) > 1:
            both = " and ".join(map(quoted, names))
            yield one, f"SLO {quoted(one.id)} is asked for by {both}; take it from one of their 'slos'"

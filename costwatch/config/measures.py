"""Which measures the sources of ``costwatch.yaml`` bring, for pools and unit costs to name."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Node, Place, Tree
from costwatch.plugins import COLLECTORS, load

Found = Iterator[tuple[int, str]]  # line, sentence

_TABLE = "measure_days"


@dataclass(frozen=True, slots=True)
class Measures:
    """names: of the measures under ``measures:`` of any source. is_open: some source may bring others."""

    names: tuple[str, ...] = ()
    is_open: bool = False

    def trouble(self, name: str) -> str:
        """What is wrong with a measure that is named; '' where nothing is."""
        if self.is_open or name in self.names:
            return ""
        if not self.names:
            return f"no source brings {quoted(name)}; add it to the 'measures' of one that does"
        return f"no source brings {quoted(name)}{instead(name, self.names)}"


def known_measures(tree: Tree, sources: Collection[Node] | None = None) -> Measures:
    """Of all sources, mistakes and all; a preset brings what it is called, unless ``name`` says otherwise.

    sources: only of these.
    """
    names: dict[str, None] = {}
    is_open = False
    for place, entry in tree.entries(("sources",)):
        if sources is not None and entry.get("name") not in sources:
            continue
        is_open = is_open or _brings_any(entry)
        for _, measure in tree.entries((*place, "measures")):
            if isinstance(name := measure.get("name", measure.get("preset")), str):
                names[name] = None
    return Measures(tuple(names), is_open)


def check_measured(tree: Tree, named: Iterator[tuple[Place, Node]]) -> Found:
    """Measures that no source brings, at the places where they are named."""
    known = known_measures(tree)
    for place, name in named:
        if isinstance(name, str) and (trouble := known.trouble(name)):
            yield tree.value_line(place), trouble


def _brings_any(source: Mapping[str, Node]) -> bool:
    """Whether it is of a kind that does not say what it measures: of files, only the files do."""
    with suppress(Exception):  # a collector may be anyone's; what is wrong with it is told elsewhere
        kind = load(COLLECTORS, str(source.get("kind")))
        brings = any(table.name == _TABLE for table in getattr(kind, "tables", ()))
        return brings and "measures" not in getattr(kind, "model_fields", ())
    return False

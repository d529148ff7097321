<<<<<<<< HEAD:costwatch/config/measures.py
"""Which measures the sources of ``costwatch.yaml`` bring, for pools and unit costs to name."""
========
"""Pools that are split by what is measured: which sources bring it, and what none of them does."""
>>>>>>>> 427af8b (Show of each step of a trail what was measured of whoever got it):costwatch/config/drivers.py

from collections.abc import Iterator
from dataclasses import dataclass

from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Node, Place, Tree

Found = Iterator[tuple[int, str]]  # line, sentence

_ANY = "measure_files"  # what they bring, only the files say


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


def known_measures(tree: Tree) -> Measures:
    """Of all sources, mistakes and all; a preset brings what it is called, unless ``name`` says otherwise."""
    names: dict[str, None] = {}
    is_open = False
    for place, entry in tree.entries(("sources",)):
        is_open = is_open or entry.get("kind") == _ANY
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

"""Which kinds there are: entry points of every installed package, loaded when a file names them."""

import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from costwatch.errors import UsageError

COLLECTORS = "costwatch.collectors"
RULES = "costwatch.rules"
NOTIFIERS = "costwatch.notifiers"
SPLITS = "costwatch.splits"
PAGES = "costwatch.pages"
FACTS = "costwatch.facts"
GROUPS = (COLLECTORS, RULES, NOTIFIERS, SPLITS, PAGES, FACTS)


def registered(group: str) -> dict[str, EntryPoint]:
    """The kinds of one group, by name, without importing any."""
    return {kind: points[-1] for kind, points in _of_group(tuple(sys.path), group).items()}


@lru_cache(maxsize=2 * len(GROUPS))
def _of_group(path: tuple[str, ...], group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """Kind -> who registers it; asked for by each rule, and slow to select."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in _installed(path).select(group=group):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


@lru_cache(maxsize=2)
def _installed(path: tuple[str, ...]) -> Any:  # Python 3.11 and 3.12 name its type differently
    """Every entry point below ``path``: looking through all packages takes longer than all the rest."""
    return entry_points()


def load(group: str, kind: str) -> Any:
    """What is registered as ``kind``. Raises KeyError if nothing is, UsageError if by two packages."""
    points = _of_group(tuple(sys.path), group).get(kind, ())
    # Whose they are is only asked where there are several: it reads each package's metadata.
    packages = {point.dist.name for point in points if point.dist} if len(points) > 1 else {}
    if len(packages) > 1:
        raise UsageError(f"kind '{kind}' comes with {' and with '.join(sorted(packages))}; uninstall one")
    if not points:
        raise KeyError(kind)
    return points[-1].load()

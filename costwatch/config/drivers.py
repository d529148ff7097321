"""What sources measure, and pools that are weighed by what nobody measures."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from costwatch.allocation.splits.driver import DriverPool
from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Node, Tree
from costwatch.plugins import COLLECTORS, Collector, SplitSettings, load

Found = Iterator[tuple[int, str]]  # line, sentence
_TABLE = "measure_days"


def check_drivers(tree: Tree) -> Found:
    """Pools whose ``driver`` is the name of no measure of their sources, or of any source."""
    sources = [entry for _, entry in tree.entries(("sources",))]
    for place, pool in tree.entries(("pools",)):
        driver, wanted = pool.get("driver"), pool.get("sources")
        if pool.get("split") != "driver" or not isinstance(driver, str):
            continue
        mine = [each for each in sources if not isinstance(wanted, list) or each.get("name") in wanted]
        if driver in (known := [*_named(mine)]) or any(map(_brings_any, mine)):
            continue
        of = "none of its sources" if isinstance(wanted, list) else "no source"
        how = instead(driver, known) if known else "; name it under 'measures' of a source"
        yield tree.value_line((*place, "driver")), f"{of} brings a measure {quoted(driver)}{how}"


def with_sources(pools: Sequence[SplitSettings], sources: Sequence[Collector]) -> tuple[SplitSettings, ...]:
    """Pools, those that are split by a measure and name no ``sources`` with those that bring it.

    Else each would wait for the days of all sources that measure anything.
    """
    return tuple(_among(pool, sources) for pool in pools)


def _among(pool: SplitSettings, sources: Sequence[Collector]) -> SplitSettings:
    if not isinstance(pool, DriverPool) or pool.sources:
        return pool
    named = tuple(source.name for source in sources if _may_bring(source, pool.driver))
    return pool.model_copy(update={"sources": named})


def _may_bring(source: Collector, measure: str) -> bool:
    """Whether a source says so, or does not say what it measures."""
    if all(table.name != _TABLE for table in getattr(source, "tables", ())):
        return False
    told = getattr(source, "measures", None)
    return told is None or measure in (one.name for one in told)


def _named(sources: Sequence[Mapping[str, Node]]) -> Iterator[str]:
    """The names of what sources measure; of a preset that is given none, its own."""
    for source in sources:
        measures = source.get("measures")
        for one in measures if isinstance(measures, list) else ():
            name = one.get("name", one.get("preset")) if isinstance(one, dict) else None
            if isinstance(name, str):
                yield name


def _brings_any(source: Mapping[str, Node]) -> bool:
    """Whether it is of a kind that brings measures without naming them, as files do."""
    if "measures" in source:
        return False
    tables: Sequence[object] = ()
    with suppress(Exception):  # a collector may be anyone's; what is wrong with it is told elsewhere
        tables = getattr(load(COLLECTORS, str(source.get("kind"))), "tables", ())
    return any(getattr(table, "name", "") == _TABLE for table in tables)

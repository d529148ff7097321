"""Pools that are split by what is measured: which sources bring it, and what none of them does."""

from collections.abc import Iterator, Sequence

from costwatch.allocation.splits.driver import TABLE, DriverPool
from costwatch.config.measures import known_measures
from costwatch.config.tree import Tree
from costwatch.plugins import Collector, SplitSettings

Found = Iterator[tuple[int, str]]  # line, sentence


def check_drivers(tree: Tree) -> Found:
    """Pools whose ``driver`` is what none of their sources measures, or none at all."""
    for place, pool in tree.entries(("pools",)):
        driver, named = pool.get("driver"), pool.get("sources")
        if pool.get("split") == "driver" and isinstance(driver, str):
            known = known_measures(tree, named if isinstance(named, list) else None)
            if trouble := known.trouble(driver):
                yield tree.value_line((*place, "driver")), trouble


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
    if all(table.name != TABLE for table in getattr(source, "tables", ())):
        return False
    told = getattr(source, "measures", None)
    return told is None or measure in (one.name for one in told)

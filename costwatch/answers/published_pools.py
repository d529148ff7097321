"""The pools that published periods were allocated by, and in a few words how each split."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from costwatch.model import GIVEN_ON
from costwatch.plugins import SPLITS, SplitSettings, load
from costwatch.warehouse.bill import publish
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

# What takes the charges that no pool takes, as it is called in ``x_Pool``.
DIRECT = "direct"
_SPLITS_OF_CLUSTERS = ("kubernetes", "provider")
_LAST = 10**9


@dataclass(frozen=True, slots=True)
class PublishedPool:
    """A pool as it was in some periods, the oldest first; of what changed, the newest is what counts."""

    name: str
    place: int  # in the newest configuration that has it; that of what no pool takes, and of owners: -1
    periods: tuple[date, ...]
    settings: tuple[Mapping[str, Any], ...]

    @property
    def split(self) -> str:
        """The kind."""
        return str(self.settings[-1]["split"])

    @property
    def carried_by(self) -> str:
        """Of whose cost it takes these; empty: it takes lines of the bill."""
        return str(self.settings[-1].get("carried_by", ""))

    @property
    def is_of_clusters(self) -> bool:
        """Whether it splits by what ran on the machines of clusters."""
        return self.split in _SPLITS_OF_CLUSTERS

    def weighed_by(self, team: str) -> str:
        """How it split what ``team`` got; each way with its months, where there were several."""
        ways: dict[str, list[date]] = {}
        for period, settings in zip(self.periods, self.settings, strict=True):
            ways.setdefault(_weighed_by(settings, team), []).append(period)
        if len(ways) == 1:
            return next(iter(ways))
        return "; ".join(
            f"{way} ({', '.join(f'{of:%Y-%m}' for of in months)})" for way, months in ways.items()
        )


def published_pools(facts: WarehouseSnapshot, first: date, after: date) -> dict[str, PublishedPool]:
    """By name, those of the periods that hold charges of the UTC days ``first`` up to ``after``."""
    wanted = publish.periods_between(facts.db, first, after)
    found: dict[str, tuple[int, list[date], list[Mapping[str, Any]]]] = {}
    for period, published in sorted(publish.published(facts.db).items()):
        if period in wanted:
            for place, pool in enumerate(_pools(published.config)):
                at = -1 if pool["split"] == "owner" else place
                _, periods, settings = found.get(pool["name"], (at, [], []))
                found[pool["name"]] = at, [*periods, period], [*settings, pool]
    return {
        name: PublishedPool(name, place, tuple(periods), tuple(settings))
        for name, (place, periods, settings) in found.items()
    }


def steps_of(name: str, pools: Mapping[str, PublishedPool]) -> list[tuple[str, PublishedPool | None]]:
    """The pools of an ``x_Pool``; None: one that no configuration of these days has."""
    return [(one, pools.get(one)) for one in name.split(GIVEN_ON)]


def is_below(name: str, way: str) -> bool:
    """Whether an ``x_Pool`` is of what came ``way``: it stayed there, or was given on."""
    return name == way or name.startswith(way + GIVEN_ON)


def is_of_clusters(name: str, pools: Mapping[str, PublishedPool]) -> bool:
    """Whether one of the pools of an ``x_Pool`` is."""
    return any(pool is not None and pool.is_of_clusters for _, pool in steps_of(name, pools))


def place_of(name: str, pools: Mapping[str, PublishedPool]) -> tuple[int, int, str]:
    """In which order ways are shown: by their last pools; those that are not known any more come last."""
    steps = steps_of(name, pools)
    last = steps[-1][1]
    return last.place if last else _LAST, len(steps), name


def _pools(config: str) -> Sequence[Mapping[str, Any]]:
    pools: list[Mapping[str, Any]] = json.loads(config).get("pools", [])
    if any(pool["name"] == DIRECT for pool in pools):
        return pools
    return [*pools, {"name": DIRECT, "split": "owner"}]


def _weighed_by(settings: Mapping[str, Any], team: str) -> str:
    """In the words of its kind; those of one that is not installed any more, or has other keys now: none."""
    kind = str(settings["split"])
    try:
        pool: SplitSettings = load(SPLITS, kind).model_validate(settings)
        return pool.weighed_by(team)
    except Exception:  # whatever a stranger's module raises: the amounts are worth more than the words
        return f"split {kind}"

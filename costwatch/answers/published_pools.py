"""The pools that published periods were allocated by, and in a few words how each split."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

from costwatch.model import GIVEN_ON, Window
from costwatch.model.names import claims_by_name
from costwatch.plugins import SPLITS, Batches, Measured, SplitSettings, Weighing, load
from costwatch.warehouse.bill import publish
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

# What takes the charges that no pool takes, as it is called in ``x_Pool``.
DIRECT = "direct"
_SPLITS_OF_CLUSTERS = ("kubernetes", "provider")
_LAST = 10**9
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PoolOfPeriod:
    """A pool as it was in one billing period, and the names that were whose then.

    period: its days. teams: who can be given something by it.
    """

    period: Window
    settings: Mapping[str, Any]
    teams: Sequence[str]
    names: Mapping[str, Sequence[tuple[date, str]]] = field(repr=False)

    @property
    def split(self) -> SplitSettings | None:
        """The split; None for one that is not installed any more, or has other keys now."""
        try:
            return cast(
                SplitSettings, load(SPLITS, str(self.settings["split"])).model_validate(self.settings)
            )
        except Exception:  # whatever a stranger's module raises: amounts are worth more than words
            return None

    def measured(self, days: Window, batches: Batches) -> Sequence[Measured]:
        """What everyone weighed on some of its days; nothing where its kind does not say."""
        asked = Weighing(days, (), self.teams, batches, (), self.names)
        try:
            return [*self.split.measured(asked)] if self.split else ()
        except Exception:  # the same
            return ()

    def weighed_by(self, team: str) -> str:
        """In the words of its kind."""
        try:
            return self.split.weighed_by(team) if self.split else f"split {self.settings['split']}"
        except Exception:  # the same
            return f"split {self.settings['split']}"


@dataclass(frozen=True, slots=True)
class PublishedPool:
    """A pool as it was in some periods, the oldest first; of what changed, the newest is what counts."""

    name: str
    place: int  # in the newest configuration that has it; that of what no pool takes, and of owners: -1
    of: tuple[PoolOfPeriod, ...]

    @property
    def split(self) -> str:
        """The kind."""
        return str(self.of[-1].settings["split"])

    @property
    def carried_by(self) -> str:
        """Of whose cost it takes these; empty: it takes lines of the bill."""
        return str(self.of[-1].settings.get("carried_by", ""))

    @property
    def label(self) -> str:
        """The label of a measure whose values it splits by; '' where it names none."""
        return str(self.of[-1].settings.get("label", "")) if self.split == "driver" else ""

    @property
    def is_of_clusters(self) -> bool:
        """Whether it splits by what ran on the machines of clusters."""
        return self.split in _SPLITS_OF_CLUSTERS

    def weighed_by(self, team: str) -> str:
        """How it split what ``team`` got; each way with its months, where there were several."""
        ways: dict[str, list[date]] = {}
        for each in self.of:
            ways.setdefault(each.weighed_by(team), []).append(each.period.days[0])
        if len(ways) == 1:
            return next(iter(ways))
        return "; ".join(
            f"{way} ({', '.join(f'{of:%Y-%m}' for of in months)})" for way, months in ways.items()
        )


def published_pools(facts: WarehouseSnapshot, first: date, after: date) -> dict[str, PublishedPool]:
    """By name, those of the periods that hold charges of the UTC days ``first`` up to ``after``."""
    wanted = publish.periods_between(facts.db, first, after)
    found: dict[str, tuple[int, list[PoolOfPeriod]]] = {}
    for period, published in sorted(publish.published(facts.db).items()):
        if period in wanted:
            config = json.loads(published.config)
            days, names = Window.of_days(period, max(published.period_end, period + _DAY)), _names(config)
            teams, givers = [team["name"] for team in config.get("teams", [])], set[str]()
            for place, pool in enumerate(_pools(config)):
                at = -1 if pool["split"] == "owner" else place
                givers |= {pool["carried_by"]} if pool.get("carried_by") else set()
                left_out = givers if pool.get("carried_by") else ()
                of = PoolOfPeriod(days, pool, [name for name in teams if name not in left_out], names)
                found[pool["name"]] = at, [*found.get(pool["name"], (at, []))[1], of]
    return {name: PublishedPool(name, place, tuple(of)) for name, (place, of) in found.items()}


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


def _pools(config: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    pools: list[Mapping[str, Any]] = config.get("pools", [])
    if any(pool["name"] == DIRECT for pool in pools):
        return pools
    return [*pools, {"name": DIRECT, "split": "owner"}]


def _names(config: Mapping[str, Any]) -> Mapping[str, Sequence[tuple[date, str]]]:
    """As ``plugins.Weighing`` has the names and aliases of teams."""
    claims: list[tuple[str, date | None, str]] = []
    for team in config.get("teams", []):
        for claim in (team["name"], *team.get("aliases", ())):
            entry = {"id": claim} if isinstance(claim, str) else claim
            since = entry.get("valid_from")
            claims.append((entry["id"], date.fromisoformat(since) if since else None, team["name"]))
    return claims_by_name(claims)

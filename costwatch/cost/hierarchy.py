"""Teams above teams: whose cost rolls up into whose, by UTC day. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from costwatch.model import NO_COST_CENTER

Since = tuple[str, date | None]  # a parent or cost center, and the first day it holds; None: always


@dataclass(frozen=True, slots=True)
class Membership:
    """Where a team stands on the UTC days [since, until).

    parents: the team above it, the one above that, and so on up to the top; none: it is at the top.
    """

    team: str
    since: date
    until: date
    parents: tuple[str, ...]
    cost_center: str

    @property
    def top(self) -> str:
        """The team at the top of its chain; itself where nothing is above it."""
        return self.parents[-1] if self.parents else self.team


def memberships(
    parents: Mapping[str, Sequence[Since]], cost_centers: Mapping[str, Sequence[Since]]
) -> list[Membership]:
    """Every team's memberships over all time, by team and day. Raises CircleError."""
    days = {since for of in (*parents.values(), *cost_centers.values()) for _, since in of if since}
    spans = list(_spans(sorted(days)))
    found: list[Membership] = []
    for team in parents.keys() | cost_centers.keys():
        mine: list[Membership] = []
        for since, until in spans:
            chain = _chain(team, parents, since)
            center = _valid(cost_centers.get(team, ()), since) or NO_COST_CENTER
            last = mine[-1] if mine else None
            if last and (last.parents, last.cost_center) == (chain, center):
                mine[-1] = Membership(team, last.since, until, chain, center)
            else:
                mine.append(Membership(team, since, until, chain, center))
        found += mine
    return sorted(found, key=lambda one: (one.team, one.since))


def circles(parents: Mapping[str, Sequence[Since]]) -> list[tuple[tuple[str, ...], date]]:
    """Each circle of parents once: its teams, the first by name at both ends, and the first day it is there.

    That day is ``date.min`` where it is always there.
    """
    found: dict[frozenset[str], tuple[tuple[str, ...], date]] = {}
    for since, _ in _spans(sorted({since for of in parents.values() for _, since in of if since})):
        for team in sorted(parents):
            if way := _way_back(team, parents, since):
                found.setdefault(frozenset(way), (way, since))
    return list(found.values())


class CircleError(ValueError):
    """Teams are above each other on some day."""


def _way_back(team: str, parents: Mapping[str, Sequence[Since]], on: date) -> tuple[str, ...]:
    """From a team up to itself; nothing where the way ends before, or goes round without it."""
    way = [team]
    while above := _valid(parents.get(way[-1], ()), on):
        if above in way:
            return (*way, above) if above == team else ()
        way.append(above)
    return ()


def _chain(team: str, parents: Mapping[str, Sequence[Since]], on: date) -> tuple[str, ...]:
    chain: list[str] = []
    above = _valid(parents.get(team, ()), on)
    while above:
        if above == team or above in chain:
            raise CircleError(f"teams are above each other: {' under '.join((team, *chain, above))}")
        chain.append(above)
        above = _valid(parents.get(above, ()), on)
    return tuple(chain)


def _valid(of: Iterable[Since], on: date) -> str:
    """The entry with the latest start that is not after ``on``; empty: none."""
    starts = [(since or date.min, name) for name, since in of if since is None or since <= on]
    return max(starts)[1] if starts else ""


def _spans(starts: Sequence[date]) -> Iterator[tuple[date, date]]:
    """The days [from, before) within which nothing changes."""
    edges = [date.min, *starts, date.max]
    yield from pairwise(edges)

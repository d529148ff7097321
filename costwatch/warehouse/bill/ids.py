"""The numbers that stand for the names of teams, services, slices and places in what is published."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from costwatch.warehouse.bill.places import (
    PLACE_COLUMNS,
    SLICE_COLUMNS,
    Place,
    Slice,
    kind_in,
    kind_of,
    places_of,
)


@dataclass(slots=True)
class Ids:
    """The numbers that stand for names in the facts; ``new`` are not stored yet."""

    team: dict[str, int]
    service: dict[str, int]
    slice: dict[Slice, int]
    place: dict[Place, int] = field(default_factory=dict)
    new: list[tuple[str, tuple[int | str, ...]]] = field(default_factory=list)


def ids_for(
    db: sqlite3.Connection, teams: Iterable[str], services: Iterable[str], slices: Iterable[Slice]
) -> Ids:
    """Known numbers, and the next free ones for new names, sorted: a re-run gives the same."""
    known, located = ", ".join(SLICE_COLUMNS), ", ".join(PLACE_COLUMNS)
    ids = Ids(
        team={row["name"]: row["id"] for row in db.execute("SELECT id, name FROM team")},
        service={row["name"]: row["id"] for row in db.execute("SELECT id, name FROM service")},
        slice={tuple(row)[1:]: row["id"] for row in db.execute(f"SELECT id, {known} FROM slice")},
        place={tuple(row)[1:]: row["id"] for row in db.execute(f"SELECT id, summary, {located} FROM place")},
    )
    slices = [*slices]
    for table, numbers, names in (("team", ids.team, teams), ("service", ids.service, services)):
        for name in sorted(set(names) - numbers.keys()):
            numbers[name] = len(numbers) + 1
            ids.new.append((table, (numbers[name], name)))
    for key in sorted(key for key in slices if key not in ids.slice):
        ids.slice[key] = len(ids.slice) + 1
        ids.new.append(("slice", (ids.slice[key], *key, kind_of(key))))
    for place in sorted(places_of(slices) - ids.place.keys()):
        ids.place[place] = len(ids.place) + 1
        ids.new.append(("place", (ids.place[place], *place, kind_in(place))))
    return ids

"""Objectives and their instances, as they were collected last."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from costwatch.model import Labels
from costwatch.plugins import tags_of, tags_text
from costwatch.slo.objectives import Objective
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import to_text

_OBJECTIVE = TypeAdapter(Objective)


@dataclass(frozen=True, slots=True)
class Instance:
    """One label set of an objective: it has a budget of its own. labels: () where it is the only one."""

    id: int
    slo: str
    labels: Labels


def put_objectives(db: sqlite3.Connection, source: str, known: Iterable[Objective], now: datetime) -> None:
    """Keep what ``source`` asks for as it is now; what it asks for no longer stays, with its history."""
    db.executemany(
        queries.text("put_objective"),
        ((one.id, _OBJECTIVE.dump_json(one).decode(), source, to_text(now)) for one in known),
    )


def objectives(db: sqlite3.Connection) -> list[Objective]:
    """All that are asked for, by id; what is asked for no longer has a history, and no state."""
    rows = db.execute(queries.text("objectives"))
    return [_OBJECTIVE.validate_json(row["definition"]) for row in rows]


def instances(db: sqlite3.Connection) -> list[Instance]:
    """Those of every objective."""
    rows = db.execute("SELECT id, slo, labels FROM slo_instance ORDER BY slo, labels")
    return [Instance(row["id"], row["slo"], tuple(sorted(tags_of(row["labels"]).items()))) for row in rows]


def instance_id(db: sqlite3.Connection, slo: str, labels: Labels) -> int:
    """The number of an instance, which it gets where it has none."""
    key = (slo, tags_text(dict(labels)))
    db.execute("INSERT INTO slo_instance (slo, labels) VALUES (?, ?) ON CONFLICT DO NOTHING", key)
    (found,) = db.execute("SELECT id FROM slo_instance WHERE slo = ? AND labels = ?", key).fetchone()
    return int(found)

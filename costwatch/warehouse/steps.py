"""When each step last went through without an error, and how often it usually does."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text

STEPS = ("collect", "allocate", "evaluate", "deliver", "report")
_KEPT = 20
_LEARNT_FROM = timedelta(hours=2)


def note_step(db: sqlite3.Connection, name: str, now: datetime) -> None:
    """One of ``STEPS`` went through at ``now``."""
    runs = [*_runs(db, now).get(name, ()), now][-_KEPT:]
    row = {"name": name, "worked_at": to_text(now), "runs": json.dumps([to_text(at) for at in runs])}
    db.execute(queries.text("note_step"), row)


def last_worked(db: sqlite3.Connection) -> Mapping[str, datetime]:
    """By step; one that never went through is not there."""
    return {row["name"]: from_text(row["worked_at"]) for row in db.execute("SELECT * FROM step")}


def longest_gaps(db: sqlite3.Connection, now: datetime) -> Mapping[str, timedelta]:
    """By step, the longest gap between the last 20 times that it went through, where these take two hours."""
    return {
        name: max(later - earlier for earlier, later in pairwise(runs))
        for name, runs in _runs(db, now).items()
        if len(runs) > 1 and runs[-1] - runs[0] >= _LEARNT_FROM  # less is somebody trying it out
    }


def _runs(db: sqlite3.Connection, now: datetime) -> dict[str, list[datetime]]:
    """The last times by step, each once; what a clock that was ahead has noted is none."""
    rows = db.execute("SELECT name, runs FROM step")
    found = {row["name"]: sorted(map(from_text, {*json.loads(row["runs"])})) for row in rows}
    return {name: [at for at in times if at <= now] for name, times in found.items()}

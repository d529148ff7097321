"""Deliveries that took settled days, or much of their lines or cost, away: noted while they are published."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from costwatch.model import Amounts
from costwatch.proof.restatement import ByDay, Restatement
from costwatch.warehouse import queries
from costwatch.warehouse.bill.publish import Ids, Publication, publish
from costwatch.warehouse.bill.sums import amounts, sums
from costwatch.warehouse.encoding import from_int, from_text, to_int, to_text

_SETTLED = "JOIN day_state d ON d.source = s.source AND d.day = c.day AND d.state <> 'estimated'\n"


def standing(db: sqlite3.Connection, as_of: datetime | None = None) -> list[Restatement]:
    """Those that nobody accepted and no delivery brought back, by period and source; now or ``as_of``."""
    instant = None if as_of is None else to_text(as_of)
    return [_restatement(row) for row in queries.rows(db, "restatements_standing", {"as_of": instant})]


def held_back(db: sqlite3.Connection) -> dict[date, set[str]]:
    """Billing period -> the inputs keys of what is not published of it."""
    found: dict[date, set[str]] = defaultdict(set)
    for row in db.execute("SELECT period, inputs_key FROM restatement WHERE ended_at IS NULL"):
        found[from_int(row["period"])].add(row["inputs_key"])
    return found


def publish_doubting(
    db: sqlite3.Connection,
    ids: Ids,
    publication: Publication,
    redelivered: Collection[str],
    now: datetime,
    *,
    hold: bool,
) -> list[Restatement]:
    """Publish, unless ``hold`` and something is doubted, inside the caller's write transaction.

    redelivered: the sources of whose new deliveries it is made. Returns what is doubted of them; what was
    doubted before and is back is not any more.
    """
    if not redelivered:
        publish(db, ids, publication, now)
        return []
    before = _days(db, publication.period, redelivered, _SETTLED)
    db.execute("SAVEPOINT restated")
    publish(db, ids, publication, now)
    after = _days(db, publication.period, redelivered)
    compared = [
        _compared(db, publication.period, source, before[source], after[source], now)
        for source in redelivered
    ]
    held = hold and any(one.losses for one in compared)
    if held:
        db.execute("ROLLBACK TO restated")
    db.execute("RELEASE restated")
    compared = [replace(one, is_held=held) for one in compared]
    for one in compared:
        if one.losses:
            row = (
                *_key(one),
                _as_json(one.before),
                _as_json(one.after),
                publication.inputs_key if held else "",
            )
            db.execute("INSERT OR REPLACE INTO restatement VALUES (?, ?, ?, ?, ?, ?, NULL)", row)
        else:
            _end(db, one, now)
    return [one for one in compared if one.losses]


def _compared(
    db: sqlite3.Connection, period: date, source: str, before: ByDay, after: ByDay, now: datetime
) -> Restatement:
    """What is lost of the settled days ``before``, and of what was lost earlier and stands."""
    stands = (one for one in standing(db) if (one.period, one.source) == (period, source))
    earlier = next(stands, Restatement(period, source, now, {}, {}))
    whole = {**before, **earlier.before}
    return replace(earlier, before=whole, after={day: of for day, of in after.items() if day in whole})


def accept(db: sqlite3.Connection, period: date, now: datetime) -> None:
    """What was lost of a billing period is not asked for any more."""
    for one in standing(db):
        if one.period == period:
            _end(db, one, now)


def _end(db: sqlite3.Connection, one: Restatement, now: datetime) -> None:
    db.execute(
        "UPDATE restatement SET ended_at = ? WHERE period = ? AND source = ? AND known_at = ?",
        (to_text(now), *_key(one)),
    )


def _key(one: Restatement) -> tuple[int, str, str]:
    return to_int(one.period), one.source, to_text(one.known_at)


def _days(
    db: sqlite3.Connection, period: date, sources: Collection[str], joins: str = ""
) -> dict[str, ByDay]:
    """source -> what the published period holds of each day."""
    found: dict[str, dict[date, dict[str, Amounts]]] = {source: defaultdict(dict) for source in sources}
    sql = queries.filled("days_of_period", sums=sums("c."), joins=joins)
    for row in db.execute(sql, {"period": to_int(period)}):
        if row["source"] in found:
            found[row["source"]][from_int(row["day"])][row["BillingCurrency"]] = amounts(row)
    return {source: dict(days) for source, days in found.items()}


def _restatement(row: sqlite3.Row) -> Restatement:
    return Restatement(
        from_int(row["period"]),
        row["source"],
        from_text(row["known_at"]),
        _from_json(row["before"]),
        _from_json(row["after"]),
        is_held=bool(row["inputs_key"]),
    )


def _as_json(days: ByDay) -> str:
    return json.dumps(
        {
            str(to_int(day)): {
                currency: [each.BilledCostNano, each.EffectiveCostNano, each.line_count]
                for currency, each in of.items()
            }
            for day, of in days.items()
        },
        sort_keys=True,
    )


def _from_json(text: str) -> ByDay:
    return {
        from_int(int(day)): {currency: Amounts(*each) for currency, each in of.items()}
        for day, of in json.loads(text).items()
    }

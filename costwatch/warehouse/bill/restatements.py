"""Deliveries that took settled days, lines or cost away, or doubled them: noted while they are published."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from costwatch.model import Amounts
from costwatch.proof.restatement import ByDay, Restatement, line_count
from costwatch.warehouse import queries
from costwatch.warehouse.bill.sums import amounts, sums
from costwatch.warehouse.encoding import from_int, from_text, to_int, to_text

if TYPE_CHECKING:
    from costwatch.warehouse.bill.ids import Ids
    from costwatch.warehouse.bill.publish import Publication

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
    ids: "Ids",
    publication: "Publication",
    redelivered: Collection[str],
    now: datetime,
    *,
    hold: bool,
) -> list[Restatement]:
    """Publish, unless ``hold`` and something is doubted, inside the caller's write transaction.

    redelivered: the sources of whose new deliveries it is made. Returns what is doubted of them; what was
    doubted before and is back is not any more.
    """
    from costwatch.warehouse.bill.publish import publish  # who reads what stands does without

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
    held = hold and any(one.is_doubted for one in compared)
    if held:
        db.execute("ROLLBACK TO restated")
    db.execute("RELEASE restated")
    compared = [replace(one, is_held=held) for one in compared]
    for one in compared:
        _note(db, one, publication.inputs_key if held else "", now)
    return [one for one in compared if one.is_doubted]


def _compared(
    db: sqlite3.Connection, period: date, source: str, before: ByDay, after: ByDay, now: datetime
) -> Restatement:
    """What is lost of the settled days ``before``, and of what they were before they shrank bit by bit."""
    earlier, stands = _newest(db, period, source)
    whole = _baseline(before, earlier, stands=stands) if earlier else before
    found = Restatement(period, source, now, whole, {day: of for day, of in after.items() if day in whole})
    if earlier and stands and not _loses_more(earlier, before, found):
        return replace(found, known_at=earlier.known_at)
    return found


def _baseline(before: ByDay, earlier: Restatement, *, stands: bool) -> ByDay:
    """What each settled day was before anything was lost of it; days that grew since are as they are now."""
    if stands:  # a bill that is doubled is no measure of the days that settle in it
        return earlier.before if earlier.additions else {**before, **earlier.before}
    held = earlier.before
    grown = {day: of for day, of in before.items() if line_count(of) > line_count(held.get(day, {}))}
    return {**held, **grown}


def _loses_more(earlier: Restatement, before: ByDay, found: Restatement) -> bool:
    """Whether it is this delivery, and not the one doubted earlier, that lost something."""
    known = {**before, **earlier.after}
    left = {day: of for day, of in known.items() if day not in earlier.lost_days}
    return bool(replace(found, before=left).losses)


def _note(db: sqlite3.Connection, one: Restatement, inputs_key: str, now: datetime) -> None:
    """Keep what is doubted; of what is not, what it was compared with, which ends as it begins."""
    _end(db, one.period, one.source, now)
    if one.is_doubted:
        _insert(db, one, inputs_key)
        return
    db.execute(
        "DELETE FROM restatement WHERE period = ? AND source = ? AND known_at = ended_at",
        (to_int(one.period), one.source),
    )
    if one.before != one.after:
        _insert(db, replace(one, known_at=now), "", ended_at=to_text(now))


def accept(db: sqlite3.Connection, period: date, now: datetime) -> None:
    """What was lost of a billing period is not asked for any more: later deliveries are held against this."""
    doubted = [one for one in standing(db) if one.period == period]
    held = _days(db, period, {one.source for one in doubted}, _SETTLED)
    for one in doubted:
        _end(db, period, one.source, now)
        of = held[one.source]
        _insert(db, Restatement(period, one.source, now, of, of), "", ended_at=to_text(now))


def _end(db: sqlite3.Connection, period: date, source: str, now: datetime) -> None:
    db.execute(
        "UPDATE restatement SET ended_at = ? WHERE period = ? AND source = ? AND ended_at IS NULL",
        (to_text(now), to_int(period), source),
    )


def _insert(db: sqlite3.Connection, one: Restatement, inputs_key: str, ended_at: str | None = None) -> None:
    row = (*_key(one), _as_json(one.before), _as_json(one.after), inputs_key, ended_at)
    db.execute("INSERT OR REPLACE INTO restatement VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _newest(db: sqlite3.Connection, period: date, source: str) -> tuple[Restatement | None, bool]:
    """What was compared last, and whether it is doubted still."""
    row = db.execute(
        "SELECT * FROM restatement WHERE period = ? AND source = ? ORDER BY known_at DESC LIMIT 1",
        (to_int(period), source),
    ).fetchone()
    return (None, False) if row is None else (_restatement(row), row["ended_at"] is None)


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

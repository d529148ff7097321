"""What a reader of the week has to know before trusting its numbers, one sentence each."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from costwatch.model import RESIDUALS, Window
from costwatch.money import exact
from costwatch.report.view import Weekly, in_words
from costwatch.warehouse import queries
from costwatch.warehouse.clock import from_text
from costwatch.warehouse.snapshot import WarehouseSnapshot
from costwatch.wording import at_instant, percent, printable


def caveats(facts: WarehouseSnapshot, weekly: Weekly, now: datetime) -> Iterator[str]:
    """Days left out, days that could not be compared, money without an owner, sources in trouble."""
    yield from _left_out(facts, weekly, now)
    if not weekly.compared:
        yield "No settled day of the week before is known, so nothing is compared with it."
    elif len(weekly.compared) < len(weekly.counted):
        days = in_words([day for day, _ in weekly.compared])
        yield f"Only {days} can be compared: the other days of the week before are not known or not settled."
    yield from _unowned(weekly)
    yield from _failing(facts)


def _left_out(facts: WarehouseSnapshot, weekly: Weekly, now: datetime) -> Iterator[str]:
    so_far = _estimates(facts, weekly)
    empty = [day for day in weekly.days if day not in weekly.counted and day not in so_far]
    for day in weekly.days:
        if day in so_far:
            amounts = " and ".join(exact(amount, currency) for currency, amount in so_far[day].items())
            yield f"{in_words([day])} is estimated ({amounts} so far) and not counted."
    for is_over, what in ((True, "not yet billed"), (False, "not over yet")):
        days = [day for day in empty if (day < now.date()) == is_over]
        if days:
            yield f"{in_words(days)} {what}."


def _estimates(facts: WarehouseSnapshot, weekly: Weekly) -> dict[date, dict[str, Decimal]]:
    """Day -> currency -> cost so far, of the days of the week that have costs but are not counted."""
    found: dict[date, dict[str, Decimal]] = defaultdict(dict)
    by = () if weekly.team is None else ("team",)
    for key, points in facts.series(weekly.metric, by, Window.of_days(weekly.first, weekly.after)).items():
        names = dict(key)
        for point in points:
            if point.day not in weekly.counted and names.get("team") == weekly.team:
                found[point.day][names["currency"]] = point.value
    return found


def _unowned(weekly: Weekly) -> Iterator[str]:
    for section in weekly.sections:
        for row in section.teams:
            if row.team in RESIDUALS and row.week and section.whole.week > 0 and weekly.team is None:
                cost, share = exact(row.week, section.currency), percent(row.week / section.whole.week)
                yield f"{row.team}: {cost}, {share} of the week, is carried by no team."


def _failing(facts: WarehouseSnapshot) -> Iterator[str]:
    for row in queries.rows(facts.db, "sources"):
        if row["outcome"] == "failed":
            when = at_instant(from_text(row["last_tried_at"]))
            yield printable(f"Source {row['source']} failed on {when}: {row['error']}")

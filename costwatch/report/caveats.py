"""What a reader of the week has to know before trusting its numbers, one sentence each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from costwatch.answers.sources import FailedRun
from costwatch.model import RESIDUALS, SeriesByLabels
from costwatch.money import exact
from costwatch.report.view import Weekly, in_words
from costwatch.wording import at_instant, percent, printable


def caveats(
    so_far: SeriesByLabels, failing: Iterable[FailedRun], weekly: Weekly, now: datetime
) -> Iterator[str]:
    """Days left out, days that could not be compared, money without an owner, sources in trouble.

    so_far: all cost of the week, of everything or, in the report of one team, by team.
    """
    yield from _left_out(so_far, weekly, now)
    if not weekly.compared:
        yield "No settled day of the week before is known, so nothing is compared with it."
    elif len(weekly.compared) < len(weekly.counted):
        days = in_words([day for day, _ in weekly.compared])
        yield f"Only {days} can be compared: the other days of the week before are not known or not settled."
    yield from _unowned(weekly)
    for run in failing:
        yield printable(f"Source {run.source} failed on {at_instant(run.tried_at)}: {run.error}")


def _left_out(so_far: SeriesByLabels, weekly: Weekly, now: datetime) -> Iterator[str]:
    estimates = _estimates(so_far, weekly)
    empty = [day for day in weekly.days if day not in weekly.counted and day not in estimates]
    for day in weekly.days:
        if day in estimates:
            amounts = " and ".join(exact(amount, currency) for currency, amount in estimates[day].items())
            yield f"{in_words([day])} is estimated ({amounts} so far) and not counted."
    for is_over, what in ((True, "not yet billed"), (False, "not over yet")):
        days = [day for day in empty if (day < now.date()) == is_over]
        if days:
            yield f"{in_words(days)} {what}."


def _estimates(so_far: SeriesByLabels, weekly: Weekly) -> dict[date, dict[str, Decimal]]:
    """Day -> currency -> cost so far, of the days of the week that have costs but are not counted."""
    found: dict[date, dict[str, Decimal]] = defaultdict(dict)
    for key, points in so_far.items():
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

"""Gathers one week from one snapshot of the warehouse."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from costwatch.answers.alerts import of_week
from costwatch.answers.changes import changes_of_all, settled_days
from costwatch.answers.sources import failing
from costwatch.answers.spending import budgets, daily_costs
from costwatch.cost.attention import actions
from costwatch.cost.explain import Change, changes, comparable_days, within
from costwatch.cost.explain import settled_days as settled
from costwatch.cost.spending import EVERYONE, DailyCosts, TeamSpending, spending, window_of
from costwatch.errors import CostwatchError, UsageError
from costwatch.model import BEFORE_CREDITS, Series, SeriesByLabels, Window
from costwatch.money import units
from costwatch.plugins import Snapshot
from costwatch.report.caveats import caveats
from costwatch.report.view import DayCost, Restated, Section, TeamRow, Weekly
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, from_text, to_int
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.wording import on_day, printable

METRIC = "EffectiveCost"
_WEEK = timedelta(days=7)
_CHART_WEEKS = 4
_RESTATED_DAYS = 400


def weekly(
    facts: WarehouseSnapshot,
    *,
    now: datetime,
    week: str | None = None,
    team: str | None = None,
    public_url: str = "",
    contacts: Mapping[str, str] | None = None,
) -> Weekly:
    """The report of an ISO week such as ``2026-W47``; None: the last one that ended by ``now`` (UTC).

    Only settled days count, against the same weekdays of the week before; the week may be the running
    one. team: only that team's costs and alerts. contacts: team -> who to ask. Raises UsageError for a
    malformed week or an unknown team, CostwatchError for a week of which no day is settled.
    """
    first = _monday(week, now)
    after = first + _WEEK
    counted = settled_days(facts, first, after, METRIC)
    if not counted:
        raise _nothing_settled(facts, first)
    costs = _Costs.of(facts, first, counted[-1], team)
    everyone = spending(costs.daily, costs.budgets, counted[-1], METRIC)
    _check_team(team, everyone)
    standings = [one for one in everyone if team in (None, one.team)]
    compared = costs.comparable_days()
    explained, rises = (
        [one for one in moved if _is_of(team, one)]
        for moved in changes_of_all(facts, first, after, first - _WEEK, first)
    )
    restated = _restated(facts, first, team)
    sections = _sections(costs, counted, standings, explained, restated, team)
    if not sections:
        raise CostwatchError(
            f"{_name(first)}: {team} cost nothing in that week; leave out --team, or try another"
        )
    alerts = of_week(facts, first, after, team)
    totals = {one.currency: one.whole.before_credits for one in sections}
    note = " before credits" if rises != explained else ""
    gathered = Weekly(
        week=_name(first),
        team=team,
        metric=METRIC,
        first=first,
        after=after,
        counted=counted,
        compared=compared,
        sections=sections,
        actions=tuple(actions(alerts, standings, rises, totals, note=note)),
        alerts=alerts,
        contacts=contacts or {},
        public_url=public_url,
    )
    so_far = costs.whole if team is None else costs.by_team
    told = caveats(within(so_far, first, after), failing(facts), gathered, now)
    return replace(gathered, caveats=tuple(told))


@dataclass(frozen=True, slots=True)
class _Costs:
    """All series that the report of the week from ``first`` on is made of, each asked for once."""

    first: date
    daily: Mapping[str, DailyCosts]
    charted: SeriesByLabels  # by service, of the weeks of the chart; and by team where one is asked for
    budgets: SeriesByLabels

    @classmethod
    def of(cls, facts: Snapshot, first: date, last: date, team: str | None) -> "_Costs":
        """last: the newest settled day of the week."""
        after, charted = first + _WEEK, first - (_CHART_WEEKS - 1) * _WEEK
        window = Window.of_days(min(window_of(last).start.date(), charted), after)
        known = budgets(facts, last)
        by = ("service",) if team is None else ("team", "service")
        chart = facts.series(METRIC, by, Window.of_days(charted, after))
        return cls(first, daily_costs(facts, window, known, METRIC), chart, known)

    @property
    def whole(self) -> SeriesByLabels:
        """Of everything, by currency."""
        return self.daily[METRIC].whole

    @property
    def by_team(self) -> SeriesByLabels:
        """Of each team."""
        return self.daily[METRIC].by_team

    def week(self, of: SeriesByLabels) -> SeriesByLabels:
        """``of`` in the week."""
        return within(of, self.first, self.first + _WEEK)

    def week_before(self, of: SeriesByLabels) -> SeriesByLabels:
        """``of`` in the week before."""
        return within(of, self.first - _WEEK, self.first)

    def comparable_days(self) -> tuple[tuple[date, date], ...]:
        """(day, day of the week before), both settled."""
        days, before = settled(self.week(self.whole)), settled(self.week_before(self.whole))
        return comparable_days(days, before, _WEEK)

    def changes(self, of: SeriesByLabels, pairs: Sequence[tuple[date, date]]) -> list[Change]:
        """The week against the one before, like for like."""
        return changes(self.week(of), self.week_before(of), pairs)


# --- which week -------------------------------------------------------------------------------


def _monday(week: str | None, now: datetime) -> date:
    if week is None:
        today = now.date()
        return today - timedelta(days=today.weekday()) - _WEEK
    found = re.fullmatch(r"(2\d{3})-W(\d{2})", week)
    try:
        if found:
            return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        pass
    raise UsageError(f"--week {printable(week)}: no ISO week; write it like {_name(now.date())}")


def _name(day: date) -> str:
    return "{0.year}-W{0.week:02}".format(day.isocalendar())


def _nothing_settled(facts: WarehouseSnapshot, first: date) -> CostwatchError:
    newest = facts.data_through
    if newest is None:
        return CostwatchError(
            f"{_name(first)}: no cost day is settled yet; run: costwatch collect, then costwatch allocate"
        )
    return CostwatchError(
        f"{_name(first)}: no day of that week is settled; costs are settled through {on_day(newest)}: "
        f"collect newer data, or ask for --week {_name(newest)}"
    )


def _check_team(team: str | None, everyone: Sequence[TeamSpending]) -> None:
    known = sorted({one.team for one in everyone} - {EVERYONE})
    if team is not None and team not in known:
        raise UsageError(f"--team {printable(team)}: no cost is known of it; use one of {', '.join(known)}")


# --- what it says -----------------------------------------------------------------------------


def _is_of(team: str | None, change: Change) -> bool:
    return team is None or dict(change.labels).get("team") == team


def _sections(
    costs: _Costs,
    counted: Sequence[date],
    standings: Sequence[TeamSpending],
    explained: Sequence[Change],
    restated: Sequence[Restated],
    team: str | None,
) -> tuple[Section, ...]:
    """One for each currency with cost in the week."""
    rows = _team_rows(costs, counted, standings)
    days = _days(costs, team)
    found = []
    for currency in sorted({currency for currency, _ in rows}):
        mine = [row for (its_currency, _), row in rows.items() if its_currency == currency]
        found.append(
            Section(
                currency=currency,
                whole=rows[currency, team or EVERYONE],
                teams=tuple(row for row in mine if row.team != EVERYONE),
                changes=tuple(one for one in explained if one.currency == currency and one.delta),
                days=tuple(days[currency]),
                restated=tuple(one for one in restated if one.currency == currency),
            )
        )
    return tuple(found)


def _team_rows(
    costs: _Costs, counted: Sequence[date], standings: Sequence[TeamSpending]
) -> dict[tuple[str, str], TeamRow]:
    """(currency, team) -> its line, in the order of ``standings``; only who had cost in the week."""
    pairs = costs.comparable_days()
    compared = {
        (one.currency, dict(one.labels).get("team", EVERYONE)): one
        for of in (costs.whole, costs.by_team)
        for one in costs.changes(of, pairs)
    }
    sums, before_credits = (
        {
            (dict(key)["currency"], dict(key).get("team", EVERYONE)): _sum(points, counted)
            for of in (daily.whole, daily.by_team)
            for key, points in costs.week(of).items()
        }
        for daily in (costs.daily[METRIC], costs.daily[BEFORE_CREDITS[METRIC]])
    )
    return {
        (one.currency, one.team): TeamRow(
            one.team,
            sums.get((one.currency, one.team), Decimal()),
            before_credits.get((one.currency, one.team), Decimal()),
            compared.get((one.currency, one.team)),
            one,
        )
        for one in standings
        if (one.currency, one.team) in sums or (one.currency, one.team) in compared
    }


def _sum(points: Series, days: Collection[date]) -> Decimal:
    return sum((point.value for point in points if point.day in days), Decimal())


def _days(costs: _Costs, team: str | None) -> dict[str, list[DayCost]]:
    """Currency -> what each service cost on each day of the four weeks up to the week's end."""
    found: dict[str, list[DayCost]] = defaultdict(list)
    for key, points in costs.charted.items():
        names = dict(key)
        if team in (None, names.get("team")):
            found[names["currency"]] += [
                DayCost(point.day, names["service"], point.value, point.state) for point in points
            ]
    return found


def _restated(facts: WarehouseSnapshot, first: date, team: str | None) -> list[Restated]:
    """What became known in the week, of any day, and what changed of the days it counts or compares."""
    after = first + _WEEK
    reach = {"first": to_int(after - timedelta(days=_RESTATED_DAYS)), "after": to_int(after)}
    found = []
    for row in queries.rows(facts.db, "restatements", reach):
        day, known_at = from_int(row["day"]), from_text(row["known_at"])
        is_about = first - _WEEK <= day or first <= known_at.date() < after
        if is_about and row["EffectiveCostNano"] and team in (None, row["x_Team"]):
            now = row["x_EffectiveCostNowNano"]
            before = now - row["EffectiveCostNano"]
            found.append(
                Restated(
                    day=day,
                    team=row["x_Team"],
                    service=row["ServiceName"],
                    currency=row["BillingCurrency"],
                    before=units(before),
                    after=units(now),
                )
            )
    return found

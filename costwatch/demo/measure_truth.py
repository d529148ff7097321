"""What fleets come to by what is measured of them, what units cost, and their stories.

As ``truth``, from the generator's own numbers; amounts are to be compared to the cent, as shares are floats.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np

from costwatch.demo.company import SYSTEMS
from costwatch.demo.measures import CompanyMeasures
from costwatch.demo.shared import BUSY_SCHEMA, ENDED_EXPERIMENT, FLEETS, UNIT_COSTS, UNREAD_VIEW, DemoUnitCost
from costwatch.demo.stories import CompanyPlan
from costwatch.money import units

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_ALL = ""  # of all labels together

ByLabel = Mapping[str, float]


class MeasureTruth:
    """Fleets and units from ``first`` through ``last``."""

    def __init__(self, plan: CompanyPlan, first: date, last: date) -> None:
        self._plan, self._first, self._last = plan, first, last
        self._measures = CompanyMeasures(plan)

    def carried_nano(self, team: str, day: date) -> float:
        """What a team carries of all fleets on a day."""
        return sum(self._of_team(name, team, day) for name in FLEETS)

    def unit_costs(self) -> list[dict[str, Any]]:
        """Each unit cost by group, and of all groups together; ``value`` is null where it is unknown."""
        return [row for name, of in UNIT_COSTS.items() for row in self._unit_cost(name, of)]

    def stories(self) -> list[dict[str, Any]]:
        """A schema that takes twice as much, a view that nobody reads, an experiment that goes on."""
        return [self._busy_schema(), self._unread_view(), self._ended_experiment()]

    def _unit_cost(self, name: str, of: DemoUnitCost) -> Iterator[dict[str, Any]]:
        cost: dict[str, float] = defaultdict(float)
        unknown: dict[str, float] = defaultdict(float)
        volume: dict[str, float] = defaultdict(float)
        for day in _days(self._first, self._last):
            counted = {**self._measures.on(of.volume, day)}
            counted[_ALL] = sum(counted.values())
            for group, nano in self._slice(of, day).items():
                (cost if counted[group] else unknown)[group] += nano
            for group, value in counted.items():
                volume[group] += value
        for group in (_ALL, *self._measures.on(of.volume, self._first)) if of.by else (_ALL,):
            known = volume[group] > 0
            yield {
                "unit_cost": name,
                "by": {of.by: group} if group else {},
                "cost": _amount(cost[group]),
                "volume": volume[group],
                "per": of.per,
                "value": cost[group] / 1e9 * of.per / volume[group] if known else None,
                "unknown_cost": _amount(unknown[group]),
            }

    def _slice(self, of: DemoUnitCost, day: date) -> ByLabel:
        """What it costs on a day, by group, and all together."""
        if of.pool:
            return {**self._of_fleet(of.pool, day), _ALL: self._pool_nano(of.pool, day)}
        shared = self._of_team("mysql", of.team, day) if of.team else 0
        by_tag = self._of_system(of.system, of.by, day) if of.by else {}
        return {**by_tag, _ALL: self._of_system(of.system, "", day)[_ALL] + shared}

    def _of_team(self, fleet: str, team: str, day: date) -> float:
        owners = FLEETS[fleet].owners
        return sum(nano for label, nano in self._of_fleet(fleet, day).items() if owners[label] == team)

    def _of_fleet(self, name: str, day: date) -> ByLabel:
        fleet = FLEETS[name]
        values = self._measures.on(fleet.driver, day)
        nano = self._pool_nano(name, day)
        return {label: nano * value / sum(values.values()) for label, value in values.items()}

    def _of_system(self, name: str, tag: str, day: date) -> ByLabel:
        """By the values of a tag of its lines; '' for none: all together."""
        system = next(each for each in SYSTEMS if each.name == name)
        found: dict[str, float] = defaultdict(float)
        for column, item in enumerate(self._plan.bill.items):
            tags = dict(item.tags)
            if tags.get("system") in system.tags and (not tag or tag in tags):
                found[tags[tag] if tag else _ALL] += self._nano(day)[column]
        return found

    def _nano(self, day: date) -> Any:
        return self._plan.bill.effective[self._plan.bill.row(day)]

    def _pool_nano(self, pool: str, day: date) -> int:
        columns = np.array([item.pool == pool for item in self._plan.bill.items])
        return int(self._nano(day)[columns].sum())

    def _sum(self, fleet: str, label: str, first: date, last: date) -> float:
        return sum(self._of_fleet(fleet, day)[label] for day in _days(first, last))

    def _busy_schema(self) -> dict[str, Any]:
        monday, last = self._plan.monday, min(self._last, self._plan.monday + 6 * _DAY)
        now = self._sum("mysql", BUSY_SCHEMA, monday, last)
        before = self._sum("mysql", BUSY_SCHEMA, monday - _WEEK, last - _WEEK)
        return {
            "story": "busy-schema",
            "rule": "MySQLSpend",
            "team": FLEETS["mysql"].owners[BUSY_SCHEMA],
            "schema": BUSY_SCHEMA,
            "since": monday.isoformat(),
            "day": self._last.isoformat(),
            "amount": _amount(self._sum("mysql", BUSY_SCHEMA, self._last, self._last)),
            "week_last_day": last.isoformat(),
            "week_amount": _amount(now),
            "week_before_amount": _amount(before),
            "times": round(now / before, 6),
        }

    def _unread_view(self) -> dict[str, Any]:
        since = self._measures.last_read + _DAY
        return {
            "story": "unread-view",
            "rule": "UnreadFeatureView",
            "team": FLEETS["streams"].owners[UNREAD_VIEW],
            "feature_view": UNREAD_VIEW,
            "unread_since": since.isoformat(),
            "cost_since": _amount(self._sum("streams", UNREAD_VIEW, since, self._last)),
        }

    def _ended_experiment(self) -> dict[str, Any]:
        ended = self._measures.experiment_ended
        requests = (
            self._measures.on("experiment_requests", day)[ENDED_EXPERIMENT]
            for day in _days(ended, self._last)
        )
        return {
            "story": "ended-experiment",
            "rule": "EndedExperiment",
            "team": FLEETS["experiments"].owners[ENDED_EXPERIMENT],
            "experiment": ENDED_EXPERIMENT,
            "ended": ended.isoformat(),
            "requests_since": sum(requests),
            "cost_since": _amount(self._sum("experiments", ENDED_EXPERIMENT, ended, self._last)),
        }


def _days(first: date, last: date) -> Iterator[date]:
    return (first + number * _DAY for number in range((last - first).days + 1))


def _amount(nano: float) -> str:
    return f"{units(round(nano)):.9f}"

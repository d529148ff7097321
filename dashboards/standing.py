"""How the month stands and what moved: the question of the Overview page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from costwatch import money
from costwatch.attention import ToldAlert
from costwatch.conversion import Unit
from costwatch.explain import Change, changes
from costwatch.forecast import HISTORY_DAYS
from costwatch.model import AlertState, Severity, Window
from costwatch.spending import EVERYONE, TeamSpending, spending
from costwatch.warehouse import queries
from costwatch.warehouse.clock import from_text, to_text
from costwatch.warehouse.snapshot import WarehouseSnapshot
from dashboards import blocks
from dashboards.reading import configured

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """All the page shows, of one instant. ``changes``: last 7 settled days against the 7 before."""

    spending: Sequence[TeamSpending]
    changes: Sequence[Change]
    firing: Sequence[ToldAlert]
    days: Sequence[tuple[str, date]]  # (currency, day) of every cost it rests on


def overview(facts: WarehouseSnapshot, converted: bool) -> Answer:
    """The question of this page; ``converted``: in the reporting currency, as far as there are rates."""
    if converted:
        facts = WarehouseSnapshot(facts.db, facts.now, conversion=configured().conversion)
    rows = queries.rows(facts.db, "alerts", {"resolved_since": to_text(facts.now)})
    firing = [_told(dict(row)) for row in rows if row["state"] == "firing"]
    if facts.data_through is None:
        return Answer((), (), firing, ())
    after = facts.data_through + _DAY
    moved = changes(facts, after - _WEEK, after, after - 2 * _WEEK, after - _WEEK)
    read = facts.series("EffectiveCost", (), Window.of_days(after - HISTORY_DAYS * _DAY, after))
    days = [(dict(key)["currency"], point.day) for key, points in read.items() for point in points]
    return Answer(spending(facts), moved, firing, days)


def _told(row: Mapping[str, Any]) -> ToldAlert:
    def amount(name: str) -> Decimal | None:
        return None if row[name] is None else Decimal(row[name])

    return ToldAlert(
        rule=row["rule"],
        severity=Severity(row["severity"]),
        state=AlertState(row["state"]),
        labels=json.loads(row["labels"]),
        value=amount("value"),
        threshold=amount("threshold"),
        unit=row["unit"],
        summary=row["summary"],
        runbook=row["runbook"],
        fired_at=from_text(row["fired_at"]),
        resolved_at=None,
    )


@dataclass(frozen=True, slots=True)
class View:
    """What the filters leave of an answer: one currency, and one team or everyone."""

    chosen: TeamSpending
    everyone: TeamSpending
    teams: Sequence[TeamSpending]
    changes: Sequence[Change]
    firing: Sequence[ToldAlert]
    unit: Unit

    @property
    def team(self) -> str | None:
        """None: everyone."""
        return None if self.chosen.team == EVERYONE else self.chosen.team

    @property
    def currency(self) -> str:
        """Of all amounts."""
        return self.unit.currency

    def shows(self, team: str | None) -> bool:
        """Whether what concerns ``team`` is shown."""
        return self.team in (None, team)

    def short(self, amount: Decimal, name: str = "") -> Markup:
        """An amount for a tile."""
        return blocks.amount(amount, self.unit.name, money.short(amount, self.currency), name)

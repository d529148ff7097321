"""How the month stands and what moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from costwatch.answers import alerts
from costwatch.answers.changes import changes_of_all
from costwatch.answers.spending import spending
from costwatch.cost.conversion import Conversion
from costwatch.cost.explain import Change
from costwatch.cost.forecast import HISTORY_DAYS
from costwatch.cost.spending import TeamSpending
from costwatch.model import Alert, Window
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Overview:
    """How things stand at one instant.

    ``changes``: last 7 settled days against the 7 before; ``rises``: the same before credits.
    """

    spending: Sequence[TeamSpending]
    changes: Sequence[Change]
    rises: Sequence[Change]
    firing: Sequence[Alert]
    days: Sequence[tuple[str, date]]  # (currency, day) of every cost it rests on


def overview(facts: WarehouseSnapshot, conversion: Conversion | None = None) -> Overview:
    """conversion: in the reporting currency, as far as there are rates."""
    firing = alerts.firing(facts)
    if conversion:
        facts = WarehouseSnapshot(facts.db, facts.now, conversion=conversion)
    if facts.data_through is None:
        return Overview((), (), (), firing, ())
    after = facts.data_through + _DAY
    moved, rises = changes_of_all(facts, after - _WEEK, after, after - 2 * _WEEK, after - _WEEK)
    read = facts.series("EffectiveCost", (), Window.of_days(after - HISTORY_DAYS * _DAY, after))
    days = [(dict(key)["currency"], point.day) for key, points in read.items() for point in points]
    return Overview(spending(facts), moved, rises, firing, days)

"""Days that settled while no evaluation ran: each is looked at by itself, as it would have been then."""

from datetime import date, datetime, timedelta

from costwatch.alerts.lifecycle import REMEMBERED
from costwatch.model import COST_METRICS
from costwatch.plugins import Rule, selections_of
from costwatch.warehouse.alerts.alerts import evaluated_at
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_DAY = timedelta(days=1)
_MISSED = timedelta(hours=36)  # evaluations once a day miss nothing, even where one is late
_ON_DAYS = frozenset({*COST_METRICS, "budget"})


def rests_on_days(rule: Rule) -> bool:
    """Whether what it finds depends on settled cost days alone: what it found of earlier ones can be told."""
    asked = [one.query for one in selections_of(rule)]
    return bool(asked) and _ON_DAYS.issuperset(asked) and getattr(rule, "settle", "settled") == "settled"


def missed_days(facts: WarehouseSnapshot) -> list[tuple[datetime, date]]:
    """The cost days that settled since the last evaluation, all but the newest, of 14 days at most.

    Each with the instant (UTC) at which the evaluation would have met it: as long after it as the last
    evaluation was after the newest day it knew. None where an evaluation ran in the last day and a half.
    """
    last = max((at for at in evaluated_at(facts.db).values() if at <= facts.now), default=None)
    if last is None or facts.now - last < _MISSED:
        return []
    known, newest = WarehouseSnapshot(facts.db, last, as_of=last).data_through, facts.data_through
    if known is None or newest is None:
        return []
    days = [known + number * _DAY for number in range(1, (newest - known).days)]
    met = [(last + (day - known), day) for day in days]
    return [(then, day) for then, day in met if facts.now - REMEMBERED < then < facts.now]

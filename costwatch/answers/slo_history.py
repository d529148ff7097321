"""What happened to one objective in its period: budget and SLI by time, incidents, changes near them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from costwatch.answers.markers import StoredMarker, markers
from costwatch.answers.slos import BudgetPoint, SloState, buckets, burn_down
from costwatch.model import Window
from costwatch.slo.incidents import Happened, Incident, incidents
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.slo.buckets import Stored

NEAR = timedelta(minutes=60)  # before an incident: what was changed then may have caused it
STEP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SloHistory:
    """Of the period up to now.

    left: of the budget. sli: by hour that begins then (UTC): the share that was good, None: nothing is known;
    hours without events are left out. incidents: the worst first, each with what was changed within ``NEAR``
    before it began, the nearest first. markers: all of the service in the period, oldest first.
    """

    left: Sequence[BudgetPoint]
    sli: Sequence[tuple[datetime, float | None]]
    incidents: Sequence[tuple[Incident, Sequence[StoredMarker]]]
    markers: Sequence[StoredMarker]


def slo_history(facts: WarehouseSnapshot, state: SloState) -> SloHistory:
    """See ``SloHistory``."""
    period = Window(state.window.start, min(state.window.end, facts.now))
    stored = buckets(facts, state, period)
    told = _told(facts, state, Window(period.start - NEAR, period.end))
    known = [Happened(one.start, one.seconds, one.good, one.total) for one in stored if one.known_seconds]
    found = incidents(known, state.budget.target, state.budget.allowed or 0.0)
    return SloHistory(
        burn_down(facts, state, STEP),
        _by_hour(stored, period),
        [(one, _before(one, told)) for one in found],
        [one for one in told if one.at >= period.start],
    )


def _told(facts: WarehouseSnapshot, state: SloState, window: Window) -> list[StoredMarker]:
    of = state.objective
    return markers(facts, window, service=of.service, team=of.team)


def _before(incident: Incident, told: Sequence[StoredMarker]) -> list[StoredMarker]:
    near = [one for one in told if incident.start - NEAR <= one.at <= incident.start]
    return near[::-1]


def _by_hour(stored: Sequence[Stored], period: Window) -> list[tuple[datetime, float | None]]:
    sums: dict[int, tuple[float, float, int]] = {}
    for one in stored:
        number = (one.start - period.start) // STEP
        good, total, seconds = sums.get(number, (0.0, 0.0, 0))
        sums[number] = (good + one.good, total + one.total, seconds + one.known_seconds)
    found: list[tuple[datetime, float | None]] = []
    for number in range(-((period.start - period.end) // STEP)):
        good, total, seconds = sums.get(number, (0.0, 0.0, 0))
        if seconds == 0:
            found.append((period.start + number * STEP, None))
        elif total > 0:
            found.append((period.start + number * STEP, good / total))
    return found

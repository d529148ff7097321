"""What is left of the company's error budgets, and what happened to them, from the generator's own arrays."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from costwatch.demo.releases import culprit, switched
from costwatch.demo.slo_series import SECONDS, CompanySlos, SloSeries
from costwatch.demo.slos import (
    CALENDAR_ZONE,
    INCIDENT,
    INCIDENT_FOR,
    NO_TRAFFIC,
    SLOW_BURN,
    SLOW_BURN_SINCE,
    UNSEEN,
    UNSEEN_FOR,
    DemoSlo,
)
from costwatch.demo.stories import CompanyPlan
from costwatch.model import Marker


class SloTruth:
    """Of a plan, at its ``now``."""

    def __init__(self, plan: CompanyPlan) -> None:
        self._slos = CompanySlos(plan)

    def budgets(self) -> list[dict[str, Any]]:
        """Every instance: good and total of its period up to now, and which share of its budget is left.

        ``left`` is null where nothing happened. A month that is not over is taken to go on as it went.
        """
        return [self._budget(one) for one in self._slos.series]

    def stories(self) -> list[dict[str, Any]]:
        """An incident, a slow burn, one without traffic, and six hours in which nobody looked."""
        return [*self._stories()]

    def _budget(self, one: SloSeries) -> dict[str, Any]:
        first, after = _period(one.slo, self._slos.now)
        known = slice(max(0, one.at(first)), one.at(self._slos.now))
        seen = one.is_known[known]
        bad, total = (int(units[known][seen].sum()) for units in (one.bad_units, one.total_units))
        counted = (self._slos.now - max(first, self._slos.first)).total_seconds()
        allowed = (1 - one.slo.target) * total * (after - first).total_seconds() / counted
        expected = (self._slos.now - first).total_seconds()
        return {
            "slo": one.slo.id,
            "labels": dict(one.labels),
            "team": one.slo.team,
            "system": one.slo.system,
            "from": first.isoformat(),
            "to": after.isoformat(),
            "good": total - bad,
            "total": total,
            "left": 1 - bad / allowed if total else None,
            "coverage": int(seen.sum()) * SECONDS / expected,
        }

    def _stories(self) -> Iterator[dict[str, Any]]:
        slos = self._slos
        hit = slos.of(INCIDENT)
        start = hit.at(slos.incident)
        during = slice(start, start + int(INCIDENT_FOR.total_seconds()) // SECONDS)
        allowed = (1 - hit.slo.target) * hit.total[hit.at(slos.now - timedelta(days=hit.slo.days)) :].sum()
        yield {
            "story": "incident",
            "rules": ["ErrorBudgetBurn"],
            "slo": INCIDENT,
            "team": hit.slo.team,
            "start": slos.incident.isoformat(),
            "end": (slos.incident + INCIDENT_FOR).isoformat(),
            "bad": int(hit.bad[during].sum()),
            "budget_share": float(hit.bad[during].sum() / allowed),
            "marker": _told(culprit(slos)),
        }
        slow = slos.of(SLOW_BURN)
        last = slice(slow.at(slos.now - timedelta(days=3)), None)
        yield {
            "story": "slow-burn",
            "rules": ["ErrorBudgetBurn", "ErrorBudgetLow"],
            "slo": SLOW_BURN,
            "team": slow.slo.team,
            "since": (slos.now - SLOW_BURN_SINCE).isoformat(),
            "burn_3d": float(slow.bad[last].sum() / slow.total[last].sum() / (1 - slow.slo.target)),
            "marker": _told(switched(slos)),
        }
        yield {"story": "no-traffic", "slo": NO_TRAFFIC, "team": slos.of(NO_TRAFFIC).slo.team}
        unseen = slos.of(UNSEEN)
        gone = int(np.flatnonzero(~unseen.is_known)[0])
        at = slos.first + gone * timedelta(seconds=SECONDS)
        yield {
            "story": "unseen",
            "slo": UNSEEN,
            "team": unseen.slo.team,
            "start": at.isoformat(),
            "end": (at + UNSEEN_FOR).isoformat(),
        }


def _period(slo: DemoSlo, now: datetime) -> tuple[datetime, datetime]:
    """The last days, or the month in its zone, in UTC."""
    if not slo.is_calendar:
        return now - timedelta(days=slo.days), now
    first = now.astimezone(ZoneInfo(CALENDAR_ZONE)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    wall = (first.replace(tzinfo=None) + timedelta(days=32)).replace(day=1)
    return first.astimezone(UTC), wall.replace(tzinfo=first.tzinfo).astimezone(UTC)


def _told(marker: Marker) -> dict[str, str]:
    return {"at": marker.at.isoformat(), "kind": marker.kind, "title": marker.title}

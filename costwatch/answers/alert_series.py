"""The last days of the cost that an alert is about, for whoever is told of it."""

import logging
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from costwatch.alerts.lifecycle import Step
from costwatch.alerts.restatement import where_of
from costwatch.alerts.series import DAYS, SERIES
from costwatch.model import COST_METRICS, About, Alert, Verdict, Window
from costwatch.plugins import Snapshot, matching
from costwatch.wording import digits

_DAY = timedelta(days=1)
_log = logging.getLogger(__name__)


def with_series(step: Step, held: Alert | None, facts: Snapshot) -> Step:
    """``step``, in which an alert that fires for the cost of one day has those before it in its evidence.

    held: the alert before, whose days are kept while it goes on about the same one. Days without a cost
    count as 0, as far back as there is any bill.
    """
    alert = step.alert
    if alert is None or not alert.is_firing or alert.verdict is not Verdict.BREACH:
        return step
    about = alert.about
    if about is None or about.query not in COST_METRICS or about.day is None or SERIES in alert.evidence:
        return step
    if held is not None and held.about == about and SERIES in held.evidence:
        days = held.evidence[SERIES]
    else:
        try:
            days = _days(alert, about, about.day, facts)
        except Exception:  # a snapshot of the past may not know it; the alert must go out all the same
            _log.debug("alert %s: no series", alert.fingerprint, exc_info=True)
            return step
    told = replace(alert, evidence={**alert.evidence, SERIES: days})
    return Step(told, told if step.event is alert else step.event)


def _days(alert: Alert, about: About, day: date, facts: Snapshot) -> list[list[str]]:
    window = Window.of_days(day - (DAYS - 1) * _DAY, day + _DAY)
    whole = facts.series(about.query, (), window).values()
    first = min((series[0].day for series in whole if series), default=day)
    sums: dict[date, Decimal] = defaultdict(Decimal)
    mine = matching(facts.series(about.query, about.by, window), where_of(about, alert.labels, alert.unit))
    for series in mine.values():
        for point in series:
            sums[point.day] += point.value
    count = (day - first).days + 1
    days = [first + number * _DAY for number in range(count)]
    return [[each.isoformat(), digits(sums.get(each, Decimal()))] for each in days]

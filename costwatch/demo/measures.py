"""What is measured of what many share, day by day: arrays from the seed, and files of them."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.measures import MEASURE_DAYS
from collectors.measures.tables import Measured, rows_of
from costwatch.demo.shared import (
    BUSY_SCHEMA,
    BUSY_TIMES,
    ENDED_EXPERIMENT,
    MEASURES,
    STILL_SERVED,
    UNREAD_VIEW,
)
from costwatch.demo.stories import CompanyPlan
from costwatch.plugins import tags_text

_DAY = timedelta(days=1)
_NOISE = 0.04  # at most
_STREAM = 100  # of random numbers, apart from those of the bill and of clusters
_READ_DAYS = 5  # after which nobody reads the view any more
_ENDED_BEFORE = timedelta(days=14)  # the Monday of the stories

Values = Mapping[str, NDArray[np.float64]]  # value of a measure's label -> each day


class CompanyMeasures:
    """All that is measured, from ``plan.measured_since`` up to ``now``; a plan always makes the same."""

    def __init__(self, plan: CompanyPlan) -> None:
        self.first = plan.measured_since
        self.last_read = plan.measured_since + (_READ_DAYS - 1) * _DAY
        self.experiment_ended = plan.monday - _ENDED_BEFORE
        self._days = np.array(
            [self.first.toordinal() + n for n in range((plan.now.date() - self.first).days)]
        )
        self._values = {
            name: self._usual(name, np.random.default_rng([plan.seed, _STREAM, number]))
            for number, name in enumerate(MEASURES)
        }
        self._change("mysql_time", BUSY_SCHEMA, plan.monday, BUSY_TIMES)
        self._change("feature_values", UNREAD_VIEW, self.last_read + _DAY, 0)
        for name in ("experiment_requests", "experiment_seconds"):
            self._change(name, ENDED_EXPERIMENT, self.experiment_ended, STILL_SERVED)

    def on(self, measure: str, day: date) -> Mapping[str, float]:
        """What was measured on a day, by the value of the measure's label."""
        number = day.toordinal() - self.first.toordinal()
        return {label: float(values[number]) for label, values in self._values[measure].items()}

    def table(self, day: date) -> pa.Table:
        """All of it on one UTC day, as costwatch's table has it."""
        found = [
            Measured(
                day,
                name,
                measure.unit,
                {tags_text({measure.label: label}): value for label, value in self.on(name, day).items()},
                1.0,
            )
            for name, measure in MEASURES.items()
        ]
        return pa.Table.from_batches(rows_of(found), MEASURE_DAYS.schema())

    def _usual(self, name: str, random: np.random.Generator) -> Values:
        measure = MEASURES[name]
        week = np.where((self._days - 1) % 7 >= 5, measure.weekend, 1.0)  # day 1 of the calendar: a Monday
        return {
            label: np.rint(usual * week * random.triangular(1 - _NOISE, 1, 1 + _NOISE, len(week)))
            for label, usual in measure.usual.items()
        }

    def _change(self, measure: str, label: str, since: date, times: float) -> None:
        values = self._values[measure][label]
        changed = self._days >= since.toordinal()
        values[changed] = np.rint(values[changed] * times)

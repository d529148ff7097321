"""What happened to the company's objectives, bucket by bucket: arrays from the seed, and series of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.slo_files import COLUMNS
from costwatch.demo.slos import (
    GAUGE_SAMPLES,
    INCIDENT,
    INCIDENT_FOR,
    INCIDENT_SHARE,
    SLOS,
    SLOW_BURN,
    SLOW_BURN_RATE,
    SLOW_BURN_SINCE,
    UNSEEN,
    UNSEEN_BEFORE,
    UNSEEN_FOR,
    DemoSlo,
)
from costwatch.demo.stories import CompanyPlan
from costwatch.model import Labels, midnight
from costwatch.plugins import tags_text

SECONDS = 300  # of a bucket
_PER_DAY = 86_400 // SECONDS
_STREAM = 200  # of random numbers, apart from those of the bill, of clusters and of measures
_SWING, _BUSIEST_HOUR, _WEEKEND = 0.6, 15, 0.8
_IN_INCIDENT_BEFORE = 8  # buckets of the incident before a midnight, at which rules are evaluated

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SloSeries:
    """What happened to one instance: in bucket n, which begins n times five minutes after ``first``.

    bad, total: of events, or of samples. is_known: whether anything was seen of the bucket.
    """

    slo: DemoSlo
    labels: Labels
    first: datetime
    bad: Counts
    total: Counts
    is_known: NDArray[np.bool_]

    @property
    def bad_units(self) -> Counts:
        """What is counted by buckets: of time slices those that are bad."""
        return (self.bad > 0).astype(np.int64) if self.slo.is_sliced else self.bad

    @property
    def total_units(self) -> Counts:
        """See ``bad_units``."""
        return np.ones_like(self.total) if self.slo.is_sliced else self.total

    def at(self, instant: datetime) -> int:
        """The number of the bucket that begins then."""
        return int((instant - self.first) / timedelta(seconds=SECONDS))


class CompanySlos:
    """All that happened, from ``plan.measured_since`` up to ``now``; a plan always makes the same."""

    def __init__(self, plan: CompanyPlan) -> None:
        self.first, self.now = midnight(plan.measured_since), plan.now
        self.incident = midnight(plan.monday + timedelta(days=5)) - _IN_INCIDENT_BEFORE * timedelta(
            seconds=SECONDS
        )
        self._load = self._usual_load()
        self.series = tuple(
            self._series(slo, labels, np.random.default_rng([plan.seed, _STREAM, number, instance]))
            for number, slo in enumerate(SLOS)
            for instance, labels in enumerate(slo.instances)
        )

    def of(self, id: str) -> SloSeries:
        """The first instance of an objective."""
        return next(each for each in self.series if each.slo.id == id)

    def table(self, day: date) -> pa.Table:
        """All that is known of one UTC day, as files of ``kind: slo_files`` have it."""
        parts = [self._part(one, one.at(midnight(day))) for one in self.series]
        return pa.concat_tables(parts).cast(pa.schema([*COLUMNS.items()]))

    def _part(self, one: SloSeries, start: int) -> pa.Table:
        """One instance on the day whose first bucket has that number."""
        known = start + np.flatnonzero(one.is_known[start : start + _PER_DAY])
        total = one.total_units[known]
        return pa.table(
            {
                "start": int(self.first.timestamp()) + known * SECONDS,
                "slo": pa.repeat(one.slo.id, len(known)),
                "labels": pa.repeat(tags_text(dict(one.labels)), len(known)),
                "good": (total - one.bad_units[known]).astype(float),
                "total": total.astype(float),
            }
        )

    def _usual_load(self) -> NDArray[np.float64]:
        """As a share of the average: by day and night, workday and weekend."""
        seconds = np.arange(int((self.now - self.first).total_seconds()) // SECONDS) * SECONDS
        hours = seconds % 86_400 / 3600
        weekday = (self.first.weekday() + seconds // 86_400) % 7
        swing = 1 + _SWING * np.cos((hours - _BUSIEST_HOUR) * 2 * np.pi / 24)
        return np.where(weekday >= 5, _WEEKEND, 1.0) * swing

    def _series(self, slo: DemoSlo, labels: Labels, random: np.random.Generator) -> SloSeries:
        count = len(self._load)
        is_known = np.ones(count, dtype=bool)
        share = np.full(count, slo.burn * (1 - slo.target))
        if slo.form == "probe":
            total = np.full(count, GAUGE_SAMPLES)
        else:
            total = random.poisson(slo.usual * self._load)
        made = SloSeries(slo, labels, self.first, np.zeros(count, dtype=np.int64), total, is_known)
        if slo.id == SLOW_BURN:
            share[made.at(self.now - SLOW_BURN_SINCE) :] = SLOW_BURN_RATE * (1 - slo.target)
        if slo.id == INCIDENT:
            start = made.at(self.incident)
            hit = slice(start, start + int(INCIDENT_FOR.total_seconds()) // SECONDS)
            budget = (1 - slo.target) * total[made.at(self.now - timedelta(days=slo.days)) :].sum()
            share[hit] = INCIDENT_SHARE * budget / total[hit].sum()
        if slo.id == UNSEEN:
            start = made.at(self.now - UNSEEN_BEFORE + timedelta(hours=2))
            is_known[start : start + int(UNSEEN_FOR.total_seconds()) // SECONDS] = False
        # Of slices one bad sample makes the whole one bad.
        bad = (
            np.where(random.random(count) < share, GAUGE_SAMPLES, 0)
            if slo.is_sliced
            else random.binomial(total, share)
        )
        return SloSeries(slo, labels, self.first, bad.astype(np.int64), total.astype(np.int64), is_known)


def openmetrics(series: tuple[SloSeries, ...]) -> Iterator[str]:
    """The text of OpenMetrics whose samples come to these buckets, line by line, up to ``# EOF``.

    Counters have a sample at each end of a bucket, probes ``GAUGE_SAMPLES`` inside it. Source:
    https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
    """
    by_metric: dict[str, list[SloSeries]] = {}
    for one in series:
        by_metric.setdefault(one.slo.metric, []).append(one)
    for metric, of in by_metric.items():
        form = of[0].slo.form
        kind = "gauge" if form == "probe" else "histogram" if form == "latency" else "counter"
        yield f"# TYPE {metric.removesuffix('_total')} {kind}"
        for one in of:
            yield from _samples(one)
    yield "# EOF"


def _samples(one: SloSeries) -> Iterator[str]:
    labels = {**one.slo.labels, **dict(one.labels)}
    first = int(one.first.timestamp())
    if one.slo.form == "probe":
        for number in np.flatnonzero(one.is_known).tolist():
            good = one.total[number] - one.bad[number]
            for sample in range(GAUGE_SAMPLES):
                at = first + number * SECONDS + sample * SECONDS // GAUGE_SAMPLES + 30
                yield f"{_named(one.slo.metric, labels)} {int(sample < good)} {at}"
        return
    good, total = (
        np.concatenate([[0], np.cumsum(amounts)]).tolist() for amounts in (one.total - one.bad, one.total)
    )
    if one.slo.form == "latency":
        of = {
            _named(f"{one.slo.metric}_bucket", {**labels, "le": one.slo.le}): good,
            _named(f"{one.slo.metric}_bucket", {**labels, "le": "+Inf"}): total,
            _named(f"{one.slo.metric}_count", labels): total,
        }
    else:
        bad = (np.array(total) - np.array(good)).tolist()
        of = {
            _named(one.slo.metric, {**labels, "code": code}): values
            for code, values in (("200", good), ("500", bad))
        }
    for name, values in of.items():
        for number, value in enumerate(values):
            yield f"{name} {value} {first + number * SECONDS}"


def _named(metric: str, labels: dict[str, str]) -> str:
    told = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return f"{metric}{{{told}}}"

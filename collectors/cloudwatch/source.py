"""The source: which metrics are asked of CloudWatch, and what of them is a day."""

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator, model_validator

from collectors.measures import (
    Failures,
    Measured,
    MeasureSettings,
    MeasuresSettings,
    asked_days,
    day_batch,
    once_each,
)
from costwatch.errors import SourceError
from costwatch.model import Batch, Window, midnight
from costwatch.plugins import Duration, SpendLimit, tags_text

if TYPE_CHECKING:
    from collectors.cloudwatch.metrics import Hours

ANY = "*"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_KEPT = timedelta(days=455)  # values by the hour
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")

_Text = Annotated[str, Field(min_length=1, max_length=255)]


class CloudWatchMeasure(MeasureSettings):
    """A metric of CloudWatch, by the hour, added up to the day.

    namespace, metric: such as ``AWS/Kafka`` and ``BytesInPerSec``.
    stat: ``Sum`` and ``SampleCount`` are added up. ``Average``, ``Minimum`` and ``Maximum`` are of a gauge:
    each hour's counts for an hour, so that a day at 2 GiB is 48 GiB-hours.
    dimensions: all that the metric has, by name; ``*``: any value. A metric with further dimensions is
    another one.
    by: the dimensions that become labels; what differs in others is added up. A label is the dimension in
    small letters: ``Topic`` is ``topic``, ``Cluster Name`` ``cluster_name``, ``DBInstanceIdentifier``
    ``db_instance_identifier``.
    """

    namespace: _Text
    metric: _Text
    stat: Literal["Sum", "SampleCount", "Average", "Minimum", "Maximum"]
    dimensions: Mapping[_Text, _Text] = Field(default_factory=dict, max_length=30)
    by: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fit_together(self) -> "CloudWatchMeasure":
        for name in self.by:
            if name not in self.dimensions:
                there = ", ".join(self.dimensions) or "none"
                raise ValueError(f"by: {name} is none of its dimensions, which are: {there}")
        for label, count in Counter(map(label_of, self.by)).items():
            if count > 1:
                raise ValueError(f"by: two dimensions would both be the label {label}; name one of them")
        return self


class CloudWatch(MeasuresSettings):
    """Measures from metrics of AWS CloudWatch: of MSK, RDS, DynamoDB, ElastiCache, Kinesis, SageMaker, …

    Each metric that is asked for costs $0.00001, however many days of it, and so does each request that lists
    metrics, which is made where a dimension is ``*``. A value that CloudWatch does not have is unknown, never
    0; coverage is the share of the hours in which any metric of the measure had one. ``*`` finds metrics
    that had a value in the last two weeks: older days that are read again lack what ended before.

    measures: each with name, unit, ``namespace``, ``metric``, ``stat``, ``dimensions`` and ``by``.
    first_day: none before it is asked for; left out, the first run asks for the last 35 days, any others by
    ``costwatch collect --from --to``. CloudWatch keeps 455 days.
    lookback: how far behind the last run days are asked for again, since values come late. The running day
    is asked up to its last whole hour, and is incomplete.
    daily_budget: what asking may cost in a UTC day, in USD; what would pass it is not asked. Days that were
    answered by then are stored, the others are asked for on the next day.
    every: how long an answer is good for.
    region, profile, role_arn, external_id: how to reach AWS; left out, the usual AWS chain decides.

    It needs cloudwatch:GetMetricData, and cloudwatch:ListMetrics where a dimension is ``*``.

        - name: msk
          kind: cloudwatch
          region: eu-west-1
          measures:
            - name: kafka_bytes_in
              unit: bytes/s-hours
              namespace: AWS/Kafka
              metric: BytesInPerSec
              stat: Average
              dimensions: {Cluster Name: prod, Broker ID: "*", Topic: "*"}
              by: [Topic]
    """

    measures: tuple[CloudWatchMeasure, ...]
    first_day: date | None = None
    lookback: Duration = Field(default=timedelta(hours=6), ge=_HOUR)
    daily_budget: Decimal = Field(default=Decimal(1), ge=0, max_digits=12)
    every: Duration = timedelta(hours=6)
    region: str = ""
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""

    @field_validator("measures")
    @classmethod
    def _are_there_once(cls, measures: Sequence[CloudWatchMeasure]) -> Sequence[CloudWatchMeasure]:
        return once_each(measures)

    def collect(self, window: Window) -> Iterator[Batch]:
        """Refuses: nothing would count what it costs."""
        raise SourceError(f"{self.name}: asking CloudWatch costs money; ask by collect_paid, with a purse")

    def collect_paid(self, window: Window, now: datetime, purse: SpendLimit) -> Iterator[Batch]:
        """See ``plugins.PaidCollector``: each day of ``window`` that has begun and is still kept."""
        from collectors.cloudwatch.metrics import MetricError, Metrics

        kept = midnight((now - _KEPT).date() + _DAY)
        days = [day for day in asked_days(self.name, window, now, self.first_day) if day.start >= kept]
        if not days:
            raise SourceError(
                f"{self.name}: CloudWatch keeps the days from {kept:%Y-%m-%d} on; ask for some of them"
            )
        settings = json.dumps(self.model_dump(mode="json", include={"measures"}))
        failures = Failures(self.name)
        metrics = Metrics(self, purse)
        for some in metrics.parts(days):
            answers: dict[str, Sequence[Hours]] = {}
            for measure in self.measures:
                try:
                    answers[measure.name] = metrics.hours(measure, Window(some[0].start, some[-1].end))
                except MetricError as error:
                    for day in some:
                        failures.add(measure.name, day, str(error))
            for day in some:
                found = [measured(each, day, answers.get(each.name, ())) for each in self.measures]
                yield day_batch(day, found, settings, partial=failures.of(day))
        failures.tell()


def measured(measure: CloudWatchMeasure, day: Window, answer: "Sequence[Hours]") -> Measured:
    """The hours of ``day``, added up by label."""
    values: dict[str, list[float]] = defaultdict(list)
    told: set[datetime] = set()
    for one in answer:
        hours = {hour: value for hour, value in one.values.items() if day.start <= hour < day.end}
        if hours:
            labels = tags_text({label_of(name): one.dimensions[name] for name in measure.by})
            values[labels] += hours.values()
            told.update(hours)
    return Measured(
        day.start.date(),
        measure.name,
        measure.unit,
        {labels: math.fsum(parts) for labels, parts in values.items()},
        len(told) / ((day.end - day.start) / _HOUR),
    )


def label_of(dimension: str) -> str:
    """``db_instance_identifier`` for ``DBInstanceIdentifier``, ``cluster_name`` for ``Cluster Name``."""
    return _WORDS.sub("_", dimension).strip("_").lower()

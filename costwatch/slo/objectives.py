"""What a service level objective is, whoever's file it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

BUCKET = timedelta(minutes=5)  # what good and total are kept by, unless slices are longer
PROMETHEUS = "Prometheus"
WINDOW = "{{.window}}"  # in a query: the range that it is asked for


class Form(StrEnum):
    """What a query of an SLI counts, and so how a bucket of it is asked for (research: slo rule 2)."""

    COUNTER = "counter"  # sums of rate or increase: events
    GAUGE = "gauge"  # sums of *_over_time: scrapes
    OTHER = "other"  # anything else, asked for five minutes and weighted by them: approximate
    RATIO = "ratio"  # an error ratio without a total: every five minutes weigh the same


class Method(StrEnum):
    """What the budget is counted in (OpenSLO v1, ``budgetingMethod``)."""

    OCCURRENCES = "Occurrences"  # events
    TIMESLICES = "Timeslices"  # slices of time that were good enough
    RATIO_TIMESLICES = "RatioTimeslices"  # the mean of the slices' ratios


@dataclass(frozen=True, slots=True)
class Query:
    """One side of an SLI. promql: holds ``WINDOW``. is_rate: a second's worth, not the range's."""

    promql: str
    form: Form
    is_rate: bool = False


@dataclass(frozen=True, slots=True)
class Indicator:
    """The SLI: total and one of good and bad; of a ``RATIO`` only bad, which is the error ratio."""

    total: Query | None = None
    good: Query | None = None
    bad: Query | None = None

    @property
    def form(self) -> Form:
        """The least exact of its queries'."""
        order = (Form.COUNTER, Form.GAUGE, Form.OTHER, Form.RATIO)
        known = [query.form for query in (self.total, self.good, self.bad) if query]
        return max(known, key=order.index) if self.total else Form.RATIO

    @property
    def is_approximate(self) -> bool:
        """Whether its events are not counted, but weighed by time."""
        return self.form in (Form.OTHER, Form.RATIO)


@dataclass(frozen=True, slots=True)
class Period:
    """What the objective holds over. Rolling: the last ``duration``.

    Of a calendar window ``duration`` is of days or weeks, or ``months`` says how many months it is;
    ``anchor`` is when one began, as a wall clock in the IANA ``zone`` shows it.
    """

    duration: timedelta = timedelta(days=30)
    months: int = 0
    anchor: datetime | None = None
    zone: str = "UTC"

    @property
    def is_rolling(self) -> bool:
        """Whether it moves with now."""
        return self.anchor is None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that a file asks Prometheus to have."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Objective:
    """A service level objective. ``id`` is unique, and what its history is kept by.

    id: ``namespace/name`` or ``name``, and in braces the labels that tell it from others called so.
    name: as people say it. target: 0 < target < 1, exact: 0.999. service: what it is of. team: who owns it;
    '' nobody. system: the system of ``costwatch.yaml`` whose cost belongs to it; '' none.
    grouping: the labels that instances are told apart by, as far as its file says so.
    slice_seconds, slice_target: of time slices. labels: what the rules that its file asks for bear;
    annotations: as its file has them.
    page, ticket: whether its file has alerts of that kind switched on; alerts: those of Prometheus that it
    asks for, by ``page`` and ``ticket``. sloth_id: what Sloth calls it. spec: what its file is written for,
    such as ``prometheus/v1``. metric_source: what is to be asked; only ``PROMETHEUS`` can be.
    file, line: where it stands, from the folder of costwatch.yaml on. notes: what of its file is not done,
    each in a sentence.
    """

    id: str
    name: str
    target: Decimal
    indicator: Indicator
    period: Period = Period()
    service: str = ""
    team: str = ""
    system: str = ""
    description: str = ""
    method: Method = Method.OCCURRENCES
    slice_seconds: int = 0
    slice_target: Decimal = Decimal()
    grouping: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    page: bool = True
    ticket: bool = True
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    sloth_id: str = ""
    spec: str = ""
    metric_source: str = PROMETHEUS
    file: str = ""
    line: int = 0
    notes: tuple[str, ...] = ()

    @property
    def bucket(self) -> timedelta:
        """How long one bucket is: five minutes, or a slice where that is longer."""
        return max(BUCKET, timedelta(seconds=self.slice_seconds))

    @property
    def is_asked(self) -> bool:
        """Whether anything here can ask for it."""
        return self.metric_source == PROMETHEUS

    @property
    def unit(self) -> str:
        """What its good and total count."""
        if self.method is not Method.OCCURRENCES:
            return "slices"
        return "seconds" if self.indicator.is_approximate else "events"


class Quality(StrEnum):
    """How well a bucket is known. One without a row is a gap, too."""

    OK = "ok"
    GAP = "gap"  # the series were not there: unknown
    BRIDGED = "bridged"  # a part of what the counters grew by across a gap


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened in one bucket. good, total: in ``Objective.unit``; 0 and 0: known, and nothing did."""

    start: datetime
    good: float
    total: float
    quality: Quality = Quality.OK

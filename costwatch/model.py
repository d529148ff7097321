"""The words every part shares: windows, batches, series, findings, alerts. Imports nothing of ours."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

# What a number can be grouped and filtered by: the label used in rules, URLs and flags,
# and the FOCUS column (ours prefixed x_) that it stands for.
DIMENSIONS: Mapping[str, str] = {
    "team": "x_Team",
    "service": "ServiceName",
    "provider": "ProviderName",
    "account": "SubAccountId",
    "region": "RegionId",
    "category": "ChargeCategory",
    "usage_type": "x_UsageType",
    "pool": "x_Pool",
    "source": "x_Source",
    "currency": "BillingCurrency",
}
METRICS = ("EffectiveCost", "BilledCost")

# Where a dollar lies that no team carries. No team may take one of these names.
UNALLOCATED = "unallocated"
UNMEASURED = "unmeasured"
IDLE = "idle"
RESIDUALS = (IDLE, UNMEASURED, UNALLOCATED)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open span of time [start, end), both aware datetimes in UTC, as FOCUS periods are."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0) or self.end.utcoffset() != timedelta(0):
            raise ValueError("a window is given in UTC")
        if self.start > self.end:
            raise ValueError(f"a window ends before it starts: {self.start} .. {self.end}")

    @classmethod
    def of_days(cls, first: date, after: date) -> "Window":
        """The UTC days from ``first`` up to, not including, ``after``."""
        return cls(midnight(first), midnight(after))

    def overlaps(self, other: "Window") -> bool:
        """Whether some instant lies in both."""
        return self.start < other.end and other.start < self.end


def midnight(day: date) -> datetime:
    """The first instant of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


Progress = Callable[[int, int], None]  # told how much is done, of how much


def untold(done: int, total: int) -> None:
    """The ``Progress`` of work that nobody looks at."""


# --- what collectors hand over ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file of an export: ``name`` as its owner knows it (key or relative path), ``path`` here."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Export:
    """The files of one delivery of a bill. ``format`` None: told from the columns."""

    files: tuple[DeliveredFile, ...]
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """All of one table in one window; storing it replaces what that window held.

    ``window`` None: the files themselves say which billing periods they hold.
    ``version`` changes whenever the content may have; ``read`` is called only then.
    ``partial`` marks an answer the source itself called incomplete.
    """

    table: str
    window: Window | None
    version: str
    read: Callable[[], "Export | Iterator[pa.RecordBatch]"]
    partial: bool = False


# --- what rules, pages and reports read ------------------------------------------------------


class State(StrEnum):
    """How settled a cost day is."""

    ESTIMATED = "estimated"
    SETTLED = "settled"
    CLOSED = "closed"

    @property
    def is_settled(self) -> bool:
        """Whether rules may act on it."""
        return self is not State.ESTIMATED


Labels = tuple[tuple[str, str], ...]  # sorted (name, value) pairs


def labels(**pairs: str) -> Labels:
    """Labels in their one order."""
    return tuple(sorted(pairs.items()))


@dataclass(frozen=True, slots=True)
class Point:
    """One day of a series. ``value`` in currency units, exact."""

    day: date
    value: Decimal
    state: State


Series = tuple[Point, ...]  # ascending by day; a day with no row is unknown, not zero


# --- what rules say, what becomes of it ------------------------------------------------------


class Severity(StrEnum):
    """How urgently a person is needed."""

    PAGE = "page"
    TICKET = "ticket"
    INFO = "info"


class Verdict(StrEnum):
    """What a rule found of one instance it looked at."""

    BREACH = "breach"
    OK = "ok"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One instance a rule looked at.

    ``labels`` tell instances of a rule apart; ``value`` and ``threshold`` are in ``unit``
    (a currency code, ``hours``, ``ratio``). ``evidence`` is JSON-able; where the finding rests on
    one cost day it holds ``query``, ``by`` (names), ``day`` (ISO) and ``value`` (text), by which a
    later restatement of that day is recognised.
    """

    labels: Labels
    verdict: Verdict
    value: Decimal | None
    threshold: Decimal | None
    unit: str
    summary: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


class AlertState(StrEnum):
    """As in Prometheus."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One instance of a rule that is, or was, in breach. Times in UTC.

    ``active_at``: since when it is in breach; after ``resolved_at`` in a resolved alert, the breach is
    back but has not lasted long enough to fire. ``keep_firing_since``: when the breach was first seen
    gone, while ``keep_firing_for`` holds the alert up.
    """

    fingerprint: str
    rule: str
    severity: Severity
    labels: Labels  # the finding's, plus the rule's own and ``rule`` and ``severity``
    state: AlertState
    value: Decimal | None
    threshold: Decimal | None
    unit: str
    summary: str
    runbook: str
    evidence: Mapping[str, Any]
    active_at: datetime
    fired_at: datetime | None
    resolved_at: datetime | None
    keep_firing_since: datetime | None = None


class Reason(StrEnum):
    """Why a group is sent."""

    FIRST = "first"  # nothing was sent of it yet
    NEW = "new"  # another alert joined it
    CHANGED = "changed"  # same alerts, another text: an old message is corrected
    RESOLVED = "resolved"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of one message. ``key`` names the conversation; ``id`` this one message of it."""

    id: str
    key: str
    receiver: str
    labels: Labels
    alerts: tuple[Alert, ...]
    reason: Reason
    data_through: date | None  # last settled cost day
    links: Mapping[str, str]  # text -> URL of a page
    owners: tuple[str, ...]  # who to ask, as configured
    attempt: int = 1  # above 1: an earlier try of this very message may have arrived


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receiver gave back: enough to correct the message later (for Slack: channel, ts)."""

    reference: Mapping[str, str]

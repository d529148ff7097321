"""What rules find, what becomes of it, and what people are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from costwatch.model.facts import Labels
from costwatch.model.time import Window, midnight

_DAY = timedelta(days=1)
# In the evidence: how far something has come that only grows; each time that it is more, an alert fires anew.
REACHED = "reached"


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
class About:
    """Which facts a finding rests on: by these it is linked to a page, and looked up again.

    ``query`` of a snapshot, asked for the labels ``by``. ``where``: label -> the values accepted of it; a
    label of ``by`` that is not in it has the value that the finding has. ``window``: the days it is judged
    by, of a running total (a budget) the newest day alone; None: how things are now. ``value``: what the
    facts of the window sum up to, in the unit of the finding; None: it was judged by something else.
    """

    query: str
    by: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    window: Window | None = None
    value: Decimal | None = None

    def __post_init__(self) -> None:
        _require_numbers(self.value)

    @property
    def day(self) -> date | None:
        """The one UTC day that ``value`` is the sum of: its restatement can be told. None: it is not."""
        if self.window is None or self.value is None:
            return None
        start, first = self.window.start, self.window.start.date()
        return first if start == midnight(first) and self.window.end - start == _DAY else None


@dataclass(frozen=True, slots=True)
class Impact:
    """What it costs a month if it stays as it is, in units of ``currency``."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        _require_numbers(self.amount)

    @classmethod
    def of_days(cls, amount: Decimal, days: int, currency: str) -> "Impact":
        """Of what so many days cost, to the nano-unit: a month has 365.25 / 12 = 30.4375 of them."""
        return cls(round(amount * Decimal("30.4375") / days, 9), currency)


@dataclass(frozen=True, slots=True)
class Driver:
    """A part of a change, and what tells it apart; ``amount`` in the unit of the finding."""

    labels: Labels
    amount: Decimal

    def __post_init__(self) -> None:
        _require_numbers(self.amount)


@dataclass(frozen=True, slots=True)
class Finding:
    """One instance a rule looked at.

    ``labels`` tell instances of a rule apart; ``value``, ``threshold`` and ``change`` are in ``unit``
    (a currency code, ``hours``, ``ratio``). ``evidence``: whatever else is worth keeping, JSON-able.
    ``severity``: of this finding, where it is not the rule's. ``change``: by how much the value differs
    from what is usual; ``drivers`` sum to it exactly. Raises ValueError for an amount that is no finite
    Decimal.
    """

    labels: Labels
    verdict: Verdict
    value: Decimal | None
    threshold: Decimal | None
    unit: str
    summary: str
    about: About | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    impact: Impact | None = None
    severity: Severity | None = None
    change: Decimal | None = None
    drivers: tuple[Driver, ...] = ()

    def __post_init__(self) -> None:
        _require_numbers(self.value, self.threshold, self.change)


def _require_numbers(*amounts: Decimal | None) -> None:
    # Checked where a rule makes it: once stored, it could not be read again.
    for amount in amounts:
        if amount is not None and not (isinstance(amount, Decimal) and amount.is_finite()):
            raise ValueError(f"{amount} is no finite Decimal; leave out what is not known")


class AlertState(StrEnum):
    """As in Prometheus."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One instance of a rule that is, or was, in breach. Times in UTC.

    ``active_at``: since when it is in breach; after ``resolved_at`` in a resolved alert, the breach is
    back but has not lasted long enough to fire. ``keep_firing_since``: when the breach was first not seen
    any more, while ``keep_firing_for`` (or, for want of data, ``for``) holds the alert up. ``verdict``:
    breach, or unknown where it says that there is no data. ``annotations``: the rule's, filled in.
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
    about: About | None = None
    impact: Impact | None = None
    change: Decimal | None = None
    drivers: tuple[Driver, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    verdict: Verdict = Verdict.BREACH

    @property
    def is_firing(self) -> bool:
        """Whether it fires now."""
        return self.state is AlertState.FIRING

    def label(self, name: str) -> str:
        """The value of one label; empty where it has none, as in Alertmanager."""
        return dict(self.labels).get(name, "")


class Reason(StrEnum):
    """Why a group is sent."""

    FIRST = "first"  # nothing was sent of it yet
    NEW = "new"  # another alert joined it
    CHANGED = "changed"  # same alerts, another text: an old message is corrected
    SOME_RESOLVED = "some_resolved"
    RESOLVED = "resolved"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of one message. ``key`` names the conversation; ``id`` this one message of it.

    ``remarks``: fingerprint -> sentences on one of its alerts beside what its rule says: by what it is muted,
    who sees to it, that it flaps. ``is_aloud``: whether it is to interrupt anyone.
    """

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
    queued_at: datetime | None = None  # UTC; no try of this very message is older
    note: str = ""  # why it comes to this receiver, where another should have had it
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_aloud: bool = True


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receiver gave back: enough to correct the message later (for Slack: channel, ts)."""

    reference: Mapping[str, str]

"""What rules find, what becomes of it, and what people are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from costwatch.model.facts import Labels


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
    note: str = ""  # why it comes to this receiver, where another should have had it


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receiver gave back: enough to correct the message later (for Slack: channel, ts)."""

    reference: Mapping[str, str]

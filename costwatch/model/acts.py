"""What people do about alerts, as values: by the command line, or by the buttons of a receiver."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class Worth(StrEnum):
    """Whether an alert was worth it, in the words of who got it.

    ``EXPECTED`` is what people could answer once; today they say until when (``Expect``).
    """

    USEFUL = "useful"
    NOISE = "noise"
    EXPECTED = "expected"


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Ack: someone sees to an alert, so it is not repeated for a while."""

    fingerprint: str
    who: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class SilenceAlert:
    """Silence: one alert is kept out of messages for ``span`` from now."""

    fingerprint: str
    span: timedelta
    who: str
    comment: str


@dataclass(frozen=True, slots=True)
class Expect:
    """Expected until: one alert is silenced for ``span`` from now, while its value stays about what it is."""

    fingerprint: str
    span: timedelta
    who: str
    comment: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """Useful, or Noise: the last answer of a person about one firing of an alert counts."""

    fingerprint: str
    worth: Worth
    who: str
    comment: str = ""


Act = Acknowledge | SilenceAlert | Expect | Feedback


@dataclass(frozen=True, slots=True)
class Band:
    """The values, in ``unit``, that an alert is expected to have: ``low`` to ``high``, both included."""

    low: Decimal
    high: Decimal
    unit: str

    @classmethod
    def around(cls, value: Decimal, unit: str, tolerance: Decimal) -> "Band":
        """``value``, and by ``tolerance`` of it (0.2: a fifth) less and more."""
        room = abs(value) * tolerance
        return cls(value - room, value + room, unit)

    def holds(self, value: Decimal | None, unit: str) -> bool:
        """Whether a value is as expected; one that is not known, or is of another unit, is not."""
        return value is not None and unit == self.unit and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Silence:
    """What keeps alerts out of messages in [starts_at, ends_at), in UTC.

    matchers: as Alertmanager writes them; all must match. fingerprint: of the one alert it is about;
    empty: of all that match. expired_by: who ended it early, if anyone. band: of an alert that is
    expected, the values at which it is kept out. left_at_value: the value outside of it that ended it.
    """

    id: str
    matchers: tuple[str, ...]
    fingerprint: str
    starts_at: datetime
    ends_at: datetime
    who: str
    comment: str
    expired_by: str = ""
    band: Band | None = None
    left_at_value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ActRecord:
    """One line of the log of who did what, and when (UTC).

    what: ``silence``, ``edit``, ``expire``, ``ack``, ``expect``, ``useful``, ``noise``, ``out of band`` (by
    nobody: what was expected is over). fingerprint: of the one alert it is about, else empty. silence: the id
    of the silence it is about, else empty; ``matchers`` and ``until`` are that silence's.
    """

    at: datetime
    who: str
    what: str
    fingerprint: str
    comment: str = ""
    silence: str = ""
    matchers: tuple[str, ...] = ()
    until: datetime | None = None

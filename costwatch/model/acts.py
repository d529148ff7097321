"""What people do about alerts, as values: by the command line, or by the buttons of a receiver."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Worth(StrEnum):
    """Whether an alert was worth it, in the words of who got it."""

    USEFUL = "useful"
    NOISE = "noise"
    EXPECTED = "expected"


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Someone sees to an alert: it is not repeated while this firing of it lasts."""

    fingerprint: str
    who: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Snooze:
    """One alert is kept out of messages for ``span`` from now."""

    fingerprint: str
    span: timedelta
    who: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Was it worth it? The last answer of a person about one firing of an alert counts."""

    fingerprint: str
    worth: Worth
    who: str
    comment: str = ""


Act = Acknowledge | Snooze | Feedback


@dataclass(frozen=True, slots=True)
class Silence:
    """What keeps alerts out of messages in [starts_at, ends_at), in UTC.

    matchers: as Alertmanager writes them; all must match. fingerprint: of the one alert it is about;
    empty: of all that match. expired_by: who ended it early, if anyone.
    """

    id: str
    matchers: tuple[str, ...]
    fingerprint: str
    starts_at: datetime
    ends_at: datetime
    who: str
    comment: str
    expired_by: str = ""

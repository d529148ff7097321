"""When a group of alerts is told. Pure.

Alertmanager's timers (https://github.com/prometheus/alertmanager/blob/main/dispatch/dispatch.go): a group is
flushed ``group_wait`` after it began (at once where an alert is older than that), then every
``group_interval``, whether or not there is anything to tell. Three things differ. The interval counts from
the last message that was sent. A flush that no run came by for is caught up once, by the next run. And what
begins to fire waits for no flush once the last message is older than ``group_interval``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class GroupTimer:
    """Of one group in one conversation, in UTC.

    ``began_at``: since when the oldest of its alerts fires; ``seen_at``: when it was first looked at;
    ``flushed_at``: when all that there was to tell was last muted.
    """

    began_at: datetime
    seen_at: datetime
    flushed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Flushes:
    """When a group may be told: at ``first``, and every ``interval`` after it.

    last: when it was last told, or would have been; None: never. looked_at: when anybody last looked whether
    it is to be told; None: never.
    """

    first: datetime
    interval: timedelta
    last: datetime | None
    looked_at: datetime | None

    def passed(self, now: datetime) -> datetime | None:
        """The newest that has come since anybody looked; None: none has."""
        if now < self.first:
            return None
        steps = (now - self.first) // self.interval if self.interval else 0
        newest = self.first + steps * self.interval if self.interval else now
        is_new = not self.interval or self.looked_at is None or newest > self.looked_at
        return newest if is_new else None

    def next(self, now: datetime) -> datetime:
        """When what is to be told goes: ``now`` where a flush has passed unseen."""
        if now < self.first:
            return self.first
        if self.passed(now) is not None:
            return now
        return self.first + ((now - self.first) // self.interval + 1) * self.interval

    def soonest(self, now: datetime) -> datetime:
        """When what waits for no flush goes: ``interval`` after the last message."""
        return max(now, self.first)


def flushes(
    timer: GroupTimer,
    told_at: datetime | None,
    wait: timedelta,
    interval: timedelta,
    looked_at: datetime | None,
) -> Flushes:
    """told_at: when the last message was sent that was no silent edit; None: none was."""
    last = max((at for at in (told_at, timer.flushed_at) if at is not None), default=None)
    first = max(timer.seen_at, timer.began_at + wait) if last is None else last + interval
    return Flushes(first, interval, last, looked_at)

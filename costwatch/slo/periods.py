"""The period of an objective that holds an instant: rolling, or of a calendar in an IANA zone. Pure."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from costwatch.model import Window
from costwatch.slo.objectives import Period

_DAY = timedelta(days=1)


def current_window(period: Period, now: datetime) -> Window:
    """The last ``duration``, or the whole calendar period that holds ``now`` (UTC), as long as it is there.

    Days, weeks and months are those of its zone: where clocks change, a day has 23 or 25 hours.
    """
    if period.anchor is None:
        return Window(now - period.duration, now)
    anchor, zone = period.anchor.replace(tzinfo=None), ZoneInfo(period.zone)

    def begin(number: int) -> datetime:
        """When the period so many after that of the anchor begins, in UTC."""
        if period.months:
            return _instant(_months_later(anchor, number * period.months), zone)
        if period.duration % _DAY:  # hours pass by no calendar
            return _instant(anchor, zone) + number * period.duration
        return _instant(anchor + number * period.duration, zone)

    number = _periods_between(period, anchor, now.astimezone(zone).replace(tzinfo=None))
    # Clocks that change make the first guess one too far, or too short.
    while begin(number) > now:
        number -= 1
    while begin(number + 1) <= now:
        number += 1
    return Window(begin(number), begin(number + 1))


def _periods_between(period: Period, anchor: datetime, wall: datetime) -> int:
    if period.months:
        return ((wall.year - anchor.year) * 12 + wall.month - anchor.month) // period.months
    return (wall - anchor) // period.duration


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _months_later(anchor: datetime, months: int) -> datetime:
    """The same day of a later month, or its last one."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, monthrange(year, month + 1)[1]))

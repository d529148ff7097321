"""Whether the newest cost day of a source is too long ago, whatever it delivered since. Pure."""

from datetime import date, timedelta
from decimal import Decimal

from costwatch.wording import on_day


def is_late(age_days: Decimal, limit_days: Decimal) -> bool:
    """``age_days``: UTC days since the newest day that has a cost; today's is 0."""
    return age_days > limit_days


def ended(source: str, age_days: Decimal, today: date, what: str = "bill") -> str:
    """``aws: bill ends 31 Oct 2026, 29 days ago``; what: it brings."""
    days = int(age_days)
    ago = "today" if days <= 0 else "yesterday" if days == 1 else f"{days:,} days ago"
    return f"{source}: {what} ends {on_day(today - timedelta(days=days))}, {ago}"

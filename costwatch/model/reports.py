"""A report as it is sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """One report, whole. ``name`` stays the same when it is written anew: ``weekly-2026-W47``.

    ``markdown`` and ``html`` say the same; both escape text from bills. ``html`` is a page that needs
    nothing else.
    """

    name: str
    title: str
    markdown: str
    html: str
    attempt: int = 1  # above 1: an earlier try of it may have arrived

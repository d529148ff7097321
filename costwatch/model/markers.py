"""What may explain a change: a deploy, a flag that was switched."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Marker:
    """One of them, at an instant (UTC). All but ``at`` is as others wrote it: escape it for where it goes.

    kind: ``deploy``, ``flag`` or another word. service, team: '' where nobody said. url: http(s), or ''.
    """

    at: datetime
    kind: str
    title: str
    service: str = ""
    team: str = ""
    url: str = ""
    author: str = ""

"""How often Slack may be asked: https://docs.slack.dev/apis/web-api/rate-limits."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil

POSTS_AT_ONCE = 5.0  # of chat.postMessage to a channel; then one a second
A_MINUTE = {
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "auth.test": 200,
}
DISTRIBUTED_A_MINUTE = 1  # of either look into a channel, by an app that others install, too


@dataclass
class Limits:
    """What was let through when, by method and channel; ``is_distributed``: the app is not its team's own."""

    is_distributed: bool = False
    passed: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def wait_seconds(self, method: str, channel: str, clock: Callable[[], float]) -> int:
        """How long to wait before this call is let through, in whole seconds; 0: it is."""
        now, before = clock(), self.passed[method, channel]
        seconds = (
            _of_posts(before, now)
            if method == "chat.postMessage"
            else _of_a_minute(before, now, self._at_most(method))
        )
        if seconds == 0:
            before.append(now)
        return seconds

    def _at_most(self, method: str) -> int:
        if self.is_distributed and method in ("conversations.history", "conversations.replies"):
            return DISTRIBUTED_A_MINUTE
        return A_MINUTE.get(method, 1_000)


def _of_posts(before: list[float], now: float) -> int:
    if not before:
        return 0
    left = POSTS_AT_ONCE
    for earlier, later in pairwise([*before, now]):
        left = min(POSTS_AT_ONCE, left - 1 + later - earlier)
    return 0 if left >= 1 else max(1, ceil(1 - left))


def _of_a_minute(before: list[float], now: float, at_most: int) -> int:
    recent = [at for at in before if at > now - 60]
    return 0 if len(recent) < at_most else max(1, ceil(recent[-at_most] + 60 - now))

"""In which order messages go: pages first, each channel at its pace, conversations as they stood."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import chain

from costwatch.model import Reason, Severity
from costwatch.plugins import Editor, Paced, Receiver
from costwatch.warehouse.alerts.groups import Place
from costwatch.warehouse.alerts.outbox import Notification, Outbox

URGENCY = {severity: number for number, severity in enumerate(Severity)}
_IN_PLACE = (Reason.CHANGED, Reason.SOME_RESOLVED, Reason.RESOLVED)
Lane = tuple[str, bool]  # a channel, and whether it is edited there: each has its own pace


def lane_of(outbox: Outbox, notification: Notification, receivers: Mapping[str, Receiver]) -> Lane:
    """Where a message goes: what corrects one in place has a pace of its own."""
    receiver = receivers.get(notification.group.receiver)
    channel = receiver.channel if isinstance(receiver, Paced) else notification.group.receiver
    if not isinstance(receiver, Editor) or notification.group.reason not in _IN_PLACE:
        return channel, False
    return channel, outbox.previous(notification).can_be_edited


def urgent_first(notifications: Iterable[Notification]) -> list[Notification]:
    """Pages, then tickets, then the rest; those of one conversation as they stood."""
    found = list(notifications)
    rank: defaultdict[tuple[str, str], int] = defaultdict(lambda: len(Severity))
    for each in found:
        talk = (each.group.receiver, each.group.key)
        firing = [URGENCY[alert.severity] for alert in each.group.alerts if alert.is_firing]
        rank[talk] = min([rank[talk], *firing])
    return sorted(found, key=lambda each: rank[each.group.receiver, each.group.key])


class Lanes:
    """Messages that wait, the most urgent of each lane first, and those of a conversation as they stood."""

    def __init__(self, lane_of: Callable[[Notification], Lane]) -> None:
        self._lane_of = lane_of
        self._lanes: dict[Lane, list[tuple[int, str, Notification]]] = {}
        self._behind: dict[Place, deque[tuple[int, Notification]]] = {}

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def add(self, place: int, notification: Notification) -> None:
        """Behind those of its conversation that wait already."""
        talk = notification.group.receiver, notification.group.key
        if talk in self._behind:
            self._behind[talk].append((place, notification))
        else:
            self._behind[talk] = deque()
            self.put_back(place, notification)

    def put_back(self, place: int, notification: Notification) -> None:
        """Where it stood."""
        lane = self._lanes.setdefault(self._lane_of(notification), [])
        heappush(lane, (place, notification.group.id, notification))

    def next(self, ready: Callable[[Lane], float]) -> Lane:
        """The lane whose turn it is: the one that is ready first, then that of the most urgent message."""
        return min(self._lanes, key=lambda lane: (ready(lane), self._lanes[lane][0][0]))

    def pop(self, lane: Lane) -> tuple[int, Notification]:
        """Its most urgent message, and where that stood."""
        place, _, notification = heappop(self._lanes[lane])
        if not self._lanes[lane]:
            del self._lanes[lane]
        return place, notification

    def done(self, notification: Notification) -> None:
        """The next of its conversation may go."""
        talk = notification.group.receiver, notification.group.key
        if self._behind[talk]:
            self.put_back(*self._behind[talk].popleft())
        else:
            del self._behind[talk]

    def rest(self) -> Iterator[Notification]:
        """What was not popped."""
        found = [(place, each) for lane in self._lanes.values() for place, _, each in lane]
        found += chain(*self._behind.values())
        yield from (each for _, each in sorted(found, key=lambda pair: pair[0]))

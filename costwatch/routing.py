"""Which receiver an alert goes to, which message it goes into, and whether there is anything to say. Pure.

Alertmanager's tree (https://prometheus.io/docs/alerting/latest/configuration/#route): an alert enters at
the root and descends into the first child whose matchers all match it, and into later ones too while
``continue`` is set; where no child matches, the node itself takes it.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from costwatch.model import Alert, AlertState, Labels, Reason
from costwatch.plugins import Duration, Settings

_MATCHER = re.compile(
    r"""\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"'{},]*))\s*"""
)
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; a label that an alert does not have counts as empty."""

    label: str
    operator: str
    value: str

    @classmethod
    def parse(cls, text: str) -> "Matcher":
        """``severity="page"``, ``team!="risk"``, ``team=~"ml-.*"``, ``team!~"…"``. Raises ValueError.

        An expression must match the whole value.
        """
        match = _MATCHER.fullmatch(text)
        if match is None:
            raise ValueError("""must read label="value", with = != =~ or !~""")
        label, operator, quoted, bare = match.groups()
        value = bare if quoted is None else _ESCAPE.sub(lambda e: "\n" if e[1] == "n" else e[1], quoted)
        if operator in ("=~", "!~"):
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"'{value}' is no regular expression: {error}") from None
        return cls(label, operator, value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels meets the condition."""
        value = labels.get(self.label, "")
        is_match = value == self.value if "~" not in self.operator else bool(re.fullmatch(self.value, value))
        return is_match is not self.operator.startswith("!")


def _parsable(text: str) -> str:
    Matcher.parse(text)
    return text


class Route(Settings):
    """Where alerts go. What a route leaves out it takes from the one above it.

    receiver: a name from ``receivers``. matchers: conditions such as ``severity="page"``, which must all
    hold. continue: go on to the next routes after this one matched. group_by: labels whose values an
    alert must share to go into the same message (default: rule, team). group_wait: how long a first
    message waits for more alerts (default 0s). group_interval: at least so long between two messages
    about a group (default 5m). repeat_interval: how often a firing group is told again (default 24h).
    routes: the routes below, tried in order.
    """

    receiver: str | None = None
    matchers: tuple[Annotated[str, AfterValidator(_parsable)], ...] = ()
    continue_: bool = Field(default=False, alias="continue")
    group_by: tuple[str, ...] | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    routes: tuple["Route", ...] = ()


class RootRoute(Route):
    """The route every alert enters by: it names a receiver and has no conditions."""

    @model_validator(mode="after")
    def _takes_everything(self) -> Self:
        if not self.receiver:
            raise ValueError("the first route needs a 'receiver'; name the one that takes what no other does")
        if self.matchers or self.continue_:
            raise ValueError("the first route takes every alert; 'matchers' and 'continue' go into 'routes'")
        return self


@dataclass(frozen=True, slots=True)
class Node:
    """A route with what it inherits. ``key`` names its place in the tree, as Alertmanager does."""

    key: str
    receiver: str
    matchers: tuple[Matcher, ...]
    goes_on: bool
    group_by: tuple[str, ...]
    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    children: tuple["Node", ...]

    def match(self, labels: Mapping[str, str]) -> list["Node"]:
        """The routes that take an alert with these labels."""
        found: list[Node] = []
        for child in self.children:
            if all(matcher.matches(labels) for matcher in child.matchers):
                found += child.match(labels)
                if not child.goes_on:
                    break
        return found or [self]


_DEFAULTS = Node(
    key="",
    receiver="",
    matchers=(),
    goes_on=False,
    group_by=("rule", "team"),
    group_wait=timedelta(),
    group_interval=timedelta(minutes=5),
    repeat_interval=timedelta(hours=24),
    children=(),
)


def resolve(route: Route, parent: Node = _DEFAULTS) -> Node:
    """``route`` and those below it, with what each inherits."""
    given = {name: getattr(route, name) for name in ("receiver", "group_by", "group_wait")}
    given |= {name: getattr(route, name) for name in ("group_interval", "repeat_interval")}
    node = replace(
        parent,
        **{name: value for name, value in given.items() if value is not None},
        key=f"{parent.key}/{{{','.join(route.matchers)}}}".removeprefix("/"),
        matchers=tuple(map(Matcher.parse, route.matchers)),
        goes_on=route.continue_,
    )
    return replace(node, children=tuple(resolve(child, node) for child in route.routes))


@dataclass(frozen=True, slots=True)
class Bundle:
    """The alerts that share a route and its ``group_by`` labels; ``key`` names it for good."""

    key: str
    node: Node
    labels: Labels
    alerts: tuple[Alert, ...]


def group(root: Node, alerts: Iterable[Alert]) -> list[Bundle]:
    """Bundle alerts by route and labels. ``...`` in ``group_by`` stands for all labels."""
    found: dict[tuple[str, str], Bundle] = {}
    held: dict[tuple[str, str], list[Alert]] = defaultdict(list)
    for alert in alerts:
        labels = dict(alert.labels)
        for node in root.match(labels):
            shared = tuple((name, value) for name, value in alert.labels if {name, "..."} & {*node.group_by})
            key = f"{node.key}:{json.dumps(dict(shared), ensure_ascii=False)}"
            found.setdefault((node.receiver, key), Bundle(key, node, shared, ()))
            held[node.receiver, key].append(alert)
    return [replace(bundle, alerts=tuple(held[where])) for where, bundle in found.items()]


Episode = tuple[str, datetime | None]


def episode(alert: Alert) -> Episode:
    """One firing of one alert: what is told once and then only corrected."""
    return alert.fingerprint, alert.fired_at


def present(
    told: Sequence[Alert], owed: Set[str], alerts: Sequence[Alert], now: datetime
) -> tuple[Alert, ...]:
    """The alerts a message about a group would hold now, firing ones first.

    told: as the last message that may have arrived told them. owed: fingerprints of alerts that fired
    and were never told, so that one that is over already is still told. alerts: what is stored of the
    group. An alert told as firing that is no longer in the group is told as resolved. Where all that
    was told is over, what fires now begins a message of its own.
    """
    known = {episode(alert) for alert in told}
    fired = [alert for alert in alerts if alert.fired_at is not None]
    held = [
        alert for alert in fired if is_firing(alert) or episode(alert) in known or alert.fingerprint in owed
    ]
    fresh = [alert for alert in held if episode(alert) not in known]
    if fresh and not any(map(is_firing, told)):
        held = fresh
    else:
        there = {alert.fingerprint for alert in fired}
        left = (alert for alert in told if alert.fingerprint not in there)
        held += (_over(alert, now) if is_firing(alert) else alert for alert in left)
    return tuple(sorted(held, key=lambda alert: (not is_firing(alert), alert.rule, alert.labels)))


@dataclass(frozen=True, slots=True)
class Told:
    """The last message of a group that may have arrived; ``aloud_at``: when people were last interrupted."""

    alerts: tuple[Alert, ...]
    digest: str
    aloud_at: datetime


def reason(
    previous: Told | None, alerts: Sequence[Alert], now: datetime, repeat_interval: timedelta
) -> Reason | None:
    """Why to send a message that holds ``alerts``, as ``present`` gave them; None: nothing to say."""
    known = {episode(alert) for alert in previous.alerts} if previous else set()
    is_open = previous is not None and any(map(is_firing, previous.alerts))
    is_fresh = any(episode(alert) not in known for alert in alerts)
    if previous is None or (is_fresh and not is_open):
        return Reason.FIRST if alerts else None
    if is_open and not any(map(is_firing, alerts)):
        return Reason.RESOLVED
    if is_fresh:
        return Reason.NEW
    if is_open and now - previous.aloud_at >= repeat_interval:
        return Reason.REPEAT
    return Reason.CHANGED if digest(alerts) != previous.digest else None


def digest(alerts: Iterable[Alert]) -> str:
    """Of what people read of alerts: equal means that there is nothing new to read."""
    read = [(*_plain(episode(alert)), str(alert.state), alert.summary) for alert in alerts]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()[:32]


def is_firing(alert: Alert) -> bool:
    """Whether it fires now."""
    return alert.state is AlertState.FIRING


def _over(alert: Alert, now: datetime) -> Alert:
    return replace(alert, state=AlertState.RESOLVED, resolved_at=now)


def _plain(of: Episode) -> Iterator[str]:
    fingerprint, fired_at = of
    yield fingerprint
    yield fired_at.isoformat() if fired_at else ""

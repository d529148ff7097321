"""Which receiver an alert goes to, and which message it goes into. Pure.

Alertmanager's tree (https://prometheus.io/docs/alerting/latest/configuration/#route): an alert enters at
the root and descends into the first child whose matchers all match it, and into later ones too while
``continue`` is set; where no child matches, the node itself takes it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from pydantic import Field, field_validator, model_validator

from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.alerts.matchers import Matcher, MatcherText, parsed
from costwatch.model import Alert, Labels
from costwatch.plugins import Duration, Settings


class Route(Settings):
    """Where alerts go. What a route leaves out it takes from the one above it.

    receiver: a name from ``receivers``. matchers: conditions such as ``severity="page"``, which must all
    hold. continue: go on to the next routes after this one matched. group_by: labels whose values an
    alert must share to go into the same message (default: rule, team). group_wait: how long a first
    message waits for more alerts (default 0s). group_interval: at least so long between two messages
    about a group (default 5m). repeat_interval: how often a firing group is told again (default 24h).
    flap_window: what fires again within it interrupts nobody, and begins no message from its third change on
    (default 15m; 24h for rules on cost; 0s: everything is told).
    mute_time_intervals: names from ``time_intervals`` in which it says nothing. active_time_intervals:
    those outside of which it says nothing; routes below take neither. routes: the routes below, tried in
    order.
    """

    receiver: str | None = None
    matchers: tuple[MatcherText, ...] = ()
    continue_: bool = Field(default=False, alias="continue")
    group_by: tuple[str, ...] | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    flap_window: Duration | None = None
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    routes: tuple["Route", ...] = ()

    @field_validator("group_by")
    @classmethod
    def _is_all_or_some(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names and "..." in names and len(names) > 1:
            raise ValueError("'...' is all labels; write it alone, or name some")
        return names


class RootRoute(Route):
    """The route every alert enters by: it names a receiver and has no conditions."""

    @model_validator(mode="after")
    def _takes_everything(self) -> Self:
        if not self.receiver:
            raise ValueError("the first route needs a 'receiver'; name the one that takes what no other does")
        if self.matchers or self.continue_:
            raise ValueError("the first route takes every alert; 'matchers' and 'continue' go into 'routes'")
        if self.mute_time_intervals or self.active_time_intervals:
            raise ValueError("the first route is never muted; put time intervals into 'routes'")
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
    flap_window: timedelta | None  # None: as long as fits what the rule is about
    mute_time_intervals: tuple[NamedTimeInterval, ...]
    active_time_intervals: tuple[NamedTimeInterval, ...]
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
    flap_window=None,
    mute_time_intervals=(),
    active_time_intervals=(),
    children=(),
)


def resolve(route: Route, time_intervals: Iterable[NamedTimeInterval] = (), parent: Node = _DEFAULTS) -> Node:
    """``route`` and those below it, with what each inherits. Raises KeyError for an interval not there."""
    intervals = {interval.name: interval for interval in time_intervals}
    given = {name: getattr(route, name) for name in ("receiver", "group_by", "group_wait")}
    given |= {name: getattr(route, name) for name in ("group_interval", "repeat_interval", "flap_window")}
    node = replace(
        parent,
        **{name: value for name, value in given.items() if value is not None},
        key=f"{parent.key}/{{{','.join(route.matchers)}}}".removeprefix("/"),
        matchers=parsed(route.matchers),
        goes_on=route.continue_,
        mute_time_intervals=tuple(intervals[name] for name in route.mute_time_intervals),
        active_time_intervals=tuple(intervals[name] for name in route.active_time_intervals),
    )
    return replace(node, children=tuple(resolve(child, intervals.values(), node) for child in route.routes))


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

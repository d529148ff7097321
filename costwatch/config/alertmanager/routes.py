"""Routes and inhibit rules of an ``alertmanager.yml``, as ``alerts.yaml`` has them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from costwatch.alerts.matchers import Matcher, parsed
from costwatch.config.alertmanager.receivers import Receivers
from costwatch.config.pools import texts
from costwatch.config.quote import quoted
from costwatch.config.tree import Mistakes, Node, Place, Tree
from costwatch.plugins import parse_duration

# Alertmanager's own; those of costwatch are others, so that they are written out.
_DEFAULTS = {"group_by": [], "group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
_TIMERS = ("group_wait", "group_interval", "repeat_interval")
_INTERVALS = ("mute_time_intervals", "active_time_intervals")
_ROUTE_KEYS = {
    *("receiver", "group_by", "matchers", "match", "match_re", "continue", "routes"),
    *(*_TIMERS, *_INTERVALS),
}
_SIDES = ("source", "target")
_LABELS = {"alertname": "rule"}
_SEVERITIES = {"critical": "page", "warning": "ticket"}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass
class Routes:
    """The routes of one file. ``always``: the name of a time interval for what is to say nothing, which
    ``is_muted`` tells to be needed.
    """

    tree: Tree
    remarks: Mistakes
    receivers: Receivers
    intervals: Sequence[str]
    always: str
    is_muted: bool = False

    def root(self) -> dict[str, Any]:
        """The first route; empty: there is none."""
        top = self.tree.at(("route",))
        name = top.get("receiver") if isinstance(top, dict) else None
        if not isinstance(top, dict) or not isinstance(name, str) or not self.receivers.names(name):
            return {}
        if self.receivers.is_silent(name):
            what = "the first route says nothing in Alertmanager"
            self.remarks.add(self.tree.line(("route", "receiver")), f"{what}; here it writes to stdout")
        route = {**_DEFAULTS, **self._route(("route",), top, name, is_root=True)}
        order = ("receiver", *_DEFAULTS, "routes")
        return {key: route[key] for key in order if key in route}

    def _route(
        self, place: Place, route: Mapping[str, Node], receiver: str, *, is_root: bool = False
    ) -> dict[str, Any]:
        for key in route.keys() - _ROUTE_KEYS:
            self.remarks.add(
                self.tree.line((*place, key)), f"'{key}' is not taken over; no route has it here"
            )
        first, *others = self.receivers.names(receiver)
        made: dict[str, Any] = {"receiver": first}
        if not is_root:
            made["matchers"] = [*written_matchers(self.tree, place, "", self.remarks)]
        if str(route.get("continue")).lower() == "true":
            made["continue"] = True
        if "group_by" in route:
            labels = [text for _, text in texts((*place, "group_by"), route["group_by"])]
            made["group_by"] = [_LABELS.get(label, label) for label in labels]
        made |= self._timers(place, route)
        made |= self._muted(place, route, receiver, is_root=is_root)
        below = [*self._below(place, receiver)]
        goes_on = (str(child.get("continue")).lower() for _, child in self.tree.entries((*place, "routes")))
        if others and "true" in goes_on:
            what = f"receiver {quoted(receiver)} is {1 + len(others)} here, which 'continue' below forbids"
            self.remarks.add(self.tree.line(place), f"{what}; only {quoted(first)} is told")
        elif others and (below or is_root):
            below += [*_each_of(self._catch_all(first, made), others)]
        if below:
            made["routes"] = below
        return made

    def _catch_all(self, receiver: str, of: Mapping[str, Any]) -> dict[str, Any]:
        return {"receiver": receiver, **{key: of[key] for key in _INTERVALS if key in of}}

    def _below(self, place: Place, receiver: str) -> Iterator[dict[str, Any]]:
        for child, route in self.tree.entries((*place, "routes")):
            named = route.get("receiver")
            name = named if isinstance(named, str) else receiver
            if not self.receivers.names(name):
                self.remarks.add(
                    self.tree.line(child), f"no receiver is called {quoted(name)}; the route is left out"
                )
                continue
            made = self._route(child, route, name)
            others = self.receivers.names(name)[1:]
            yield from _each_of(made, others if "routes" not in made else [])

    def _timers(self, place: Place, route: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
        for key in _TIMERS:
            if key in route:
                try:
                    parse_duration(route[key])
                except ValueError as error:
                    self.remarks.add(self.tree.line((*place, key)), f"'{key}' {error}; it is left out")
                else:
                    yield key, str(route[key])

    def _muted(
        self, place: Place, route: Mapping[str, Node], receiver: str, *, is_root: bool
    ) -> dict[str, list[str]]:
        made: dict[str, list[str]] = {}
        for key in _INTERVALS:
            for here, name in texts((*place, key), route.get(key)):
                if name in self.intervals and not is_root:
                    made.setdefault(key, []).append(name)
                else:
                    what = (
                        "the first route is never muted"
                        if is_root
                        else f"no time interval is called {quoted(name)}"
                    )
                    self.remarks.add(self.tree.value_line(here), f"{what}; it is left out")
        if self.receivers.is_silent(receiver) and not is_root:
            self.is_muted = True
            made.setdefault("mute_time_intervals", []).append(self.always)
        return made


def _each_of(route: dict[str, Any], others: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The route for its own receiver, and then for each of ``others``, so that all of them are told."""
    if not others:
        yield route
        return
    yield route | {"continue": True}
    for number, name in enumerate(others, start=1):
        goes_on = {"continue": True} if number < len(others) or route.get("continue") else {}
        yield {key: value for key, value in route.items() if key != "continue"} | {"receiver": name} | goes_on


def inhibit_rule(tree: Tree, place: Place, remarks: Mistakes) -> dict[str, Any]:
    """One rule of ``inhibit_rules``; empty: it cannot be taken over."""
    entry = tree.at(place)
    if not isinstance(entry, dict):
        return {}
    made: dict[str, Any] = {
        f"{side}_matchers": [*written_matchers(tree, place, f"{side}_", remarks)] for side in _SIDES
    }
    for key in entry.keys() - {
        "equal",
        *(f"{side}_{how}" for side in _SIDES for how in ("match", "match_re", "matchers")),
    }:
        remarks.add(tree.line((*place, key)), f"'{key}' is not taken over; no inhibit rule has it here")
    if not all(made.values()):
        remarks.add(
            tree.line(place), "an inhibit rule without matchers on both sides is left out; write them"
        )
        return {}
    made["equal"] = [_LABELS.get(label, label) for _, label in texts((*place, "equal"), entry.get("equal"))]
    return made


def written_matchers(tree: Tree, place: Place, prefix: str, remarks: Mistakes) -> Iterator[str]:
    """The conditions under ``matchers``, ``match`` and ``match_re``, in costwatch's labels and severities."""
    entry = tree.at(place)
    for key, operator in (("match", "="), ("match_re", "=~")):
        old = entry.get(prefix + key) if isinstance(entry, dict) else None
        for label, value in old.items() if isinstance(old, dict) else ():
            here = (*place, prefix + key, label)
            text = f"{_name(label)}{operator}{json.dumps(str(value or ''), ensure_ascii=False)}"
            yield from _ours(text, tree.line(here), remarks)
    given = entry.get(f"{prefix}matchers") if isinstance(entry, dict) else None
    for here, text in texts((*place, f"{prefix}matchers"), given):
        yield from _ours(text, tree.value_line(here), remarks)


def _ours(text: str, line: int, remarks: Mistakes) -> Iterator[str]:
    try:
        found = parsed([text])
    except ValueError as error:
        # Without its condition a route would take more than it was meant to.
        remarks.add(line, f"{quoted(text)}: {error}; in its place stands a condition that nothing meets")
        yield 'rule="none"'
        return
    for one in found:
        matcher = replace(one, label=_LABELS.get(one.label, one.label))
        if matcher.label == "severity":
            matcher = replace(matcher, value=_severity(matcher))
        if matcher != one:
            remarks.add(line, f"{quoted(_text(one))} is {quoted(_text(matcher))} here; see that it is meant")
        yield _text(matcher)


def _severity(of: Matcher) -> str:
    if "~" not in of.operator:
        return _SEVERITIES.get(of.value, of.value)
    return re.sub(r"\b(critical|warning)\b", lambda found: _SEVERITIES[found[1]], of.value)


def _text(of: Matcher) -> str:
    return f"{_name(of.label)}{of.operator}{json.dumps(of.value, ensure_ascii=False)}"


def _name(label: str) -> str:
    return label if _PLAIN.fullmatch(label) else json.dumps(label, ensure_ascii=False)

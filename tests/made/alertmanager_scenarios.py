"""Plays a scenario that was observed on Alertmanager to delivery, over a real warehouse.

A scenario's second is a minute here, so that whole seconds are fine enough; a wall clock's minute in it is an
hour. Its steps and what is expected are described at the top of the file that holds them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.alerts.muting import InhibitRule
from costwatch.alerts.routing import Matcher, RootRoute
from costwatch.deliver import deliver
from costwatch.errors import NotifyError
from costwatch.model import About, Alert, AlertState, Group, Receipt, Severity, Silence, labels
from costwatch.warehouse.alerts import alerts as stored_alerts
from costwatch.warehouse.alerts.silences import save_silence
from costwatch.warehouse.store import Warehouse
from tests.made.delivery_world import FakeTime, Recorder, Teller

SECOND = timedelta(minutes=1)
HOUR_OF_START = datetime(2026, 11, 20, 6, tzinfo=UTC)
ROUTE = {
    "receiver": "r",
    "group_by": ["g"],
    "group_wait": "2s",
    "group_interval": "5s",
    "repeat_interval": "1h",
}
_DURATIONS = ("group_wait", "group_interval", "repeat_interval")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, order=True)
class Heard:
    """A message as it arrived: ``at``: seconds into the scenario; who fires and is over, by label ``a``."""

    at: float
    to: str
    firing: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    is_edit: bool = False
    texts: tuple[str, ...] = field(default=(), compare=False)


@dataclass
class _Hook(Recorder):
    """A receiver of a scenario, which answers as its ``mode`` says."""

    mode: str = "ok"
    max_alerts: int = 0

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        if self.mode != "ok":
            after = 3 * SECOND.total_seconds() if self.mode == "429" else None
            is_final = self.mode.startswith("4") and self.mode != "429"
            raise NotifyError(
                f"receiver '{self.name}': {self.mode}", permanent=is_final, retry_after_seconds=after
            )
        return Teller.notify(self, group, previous)


@dataclass
class _Webhook(Teller):
    mode: str = "ok"
    max_alerts: int = 0
    notify = _Hook.notify


class Player:
    """One scenario; ``now`` is its clock, ``heard`` what has arrived."""

    def __init__(self, scenario: Mapping[str, Any], folder: Path) -> None:
        self.scenario = scenario
        self._path = folder / "costwatch.db"
        self._warehouse = Warehouse(self._path)
        self._warehouse.migrate()
        self._start = HOUR_OF_START + float(scenario.get("begin_at_second", 0)) * SECOND
        self.now = self._start
        self._alerts: dict[str, Alert] = {}
        self._silences: dict[str, Silence] = {}
        self._ends: list[tuple[float, Mapping[str, str]]] = []
        self._route: dict[str, Any] = {**ROUTE, **scenario.get("route", {})}
        self._hooks: dict[str, Any] = {}
        self._parts: dict[str, list[str]] = {}
        for given in scenario.get("receivers", ["r"]):
            self._add_receiver({"name": given} if isinstance(given, str) else given)
        self._rules = [InhibitRule.model_validate(it) for it in scenario.get("inhibit_rules", ())]
        text = re.sub(r"\{M([+-]\d+)\}", self._clock_time, json.dumps(scenario.get("time_intervals", [])))
        self._intervals = [NamedTimeInterval.model_validate(it) for it in json.loads(text)]
        self.heard: list[Heard] = []

    def play(self) -> list[Heard]:
        """From the start to the end, looking every second and whenever something happens."""
        for at in self._times():
            self.happen(at)
            self.deliver(at)
        return self.heard

    def happen(self, at: float) -> None:
        """What happens at that second."""
        self._set_clock(at)
        for end, of in [each for each in self._ends if each[0] <= at]:
            self._ends.remove((end, of))
            self._resolve(of)
        for step in self.scenario["steps"]:
            if step["at"] == at:
                self._do(step)

    def _set_clock(self, at: float) -> None:
        self.now = self._start + round(at * SECOND.total_seconds()) * timedelta(seconds=1)

    def _times(self) -> Sequence[float]:
        found = {float(step["at"]) for step in self.scenario["steps"]} | {*map(float, range(self._until + 1))}
        if any(step["at"] % 1 for step in self.scenario["steps"]):
            found |= {number + 0.5 for number in range(self._until)}
        return sorted(found)

    @property
    def _until(self) -> int:
        return int(self.scenario["until"])

    # --- steps -----------------------------------------------------------------------------------

    def _do(self, step: Mapping[str, Any]) -> None:
        for given in step.get("fire", ()):
            self._fire(given.get("labels", given), given.get("annotations", {}), step)
        for given in step.get("resolve", ()):
            self._resolve(given.get("labels", given))
        for name, mode in step.get("mode", {}).items():
            for hook in self._hooks.values():
                if name in (hook.name, "api"):
                    hook.mode = str(mode)
        if silence := step.get("silence"):
            self._silence(silence, float(step["at"]))
        if expired := step.get("expire"):
            self._save(replace(self._silences[expired], ends_at=self.now))
        if "restart" in step:
            self._warehouse = Warehouse(self._path)
        if "reload" in step:
            self._reload(step["reload"])

    def _fire(self, of: Mapping[str, str], annotations: Mapping[str, str], step: Mapping[str, Any]) -> None:
        held = self._alerts.get(json.dumps(of))
        since = self.now + step.get("startsAt", 0) * SECOND
        fired_at = held.fired_at if held and held.is_firing and not step.get("fresh") else since
        summary = " ".join([of["a"], *(f"{name}={text}" for name, text in annotations.items())])
        began = held is None or not held.is_firing or fired_at != held.fired_at
        self._store(of, AlertState.FIRING, fired_at, None, summary, is_news=began)
        timeout = self.scenario.get("global", {}).get("resolve_timeout")
        if "endsAt" in step:
            span = step["endsAt"] if step["endsAt"] is not None else _seconds(timeout or "5m")
            self._ends = [each for each in self._ends if each[1] != of] + [(step["at"] + span, of)]

    def _resolve(self, of: Mapping[str, str]) -> None:
        held = self._alerts.get(json.dumps(of))
        if held is None or held.is_firing:
            since = held.fired_at if held else self.now - SECOND
            self._store(of, AlertState.RESOLVED, since, self.now, of["a"], is_news=True)

    def _store(
        self,
        of: Mapping[str, str],
        state: AlertState,
        fired_at: datetime | None,
        resolved_at: datetime | None,
        summary: str,
        *,
        is_news: bool,
    ) -> None:
        severity = {"page": Severity.PAGE, "info": Severity.INFO}.get(of.get("sev", ""), Severity.TICKET)
        alert = Alert(
            fingerprint=json.dumps(of),
            rule=of["a"],
            severity=severity,
            labels=labels(**of),
            state=state,
            value=None,
            threshold=None,
            unit="",
            summary=summary,
            runbook="",
            evidence={},
            active_at=fired_at or self.now,
            fired_at=fired_at,
            resolved_at=resolved_at,
            about=About("freshness"),
        )
        self._alerts[alert.fingerprint] = alert
        with self._warehouse.write() as db:
            stored_alerts.save(db, [alert], [], [(self.now, alert)] if is_news else [])

    def _silence(self, given: Mapping[str, Any], at: float) -> None:
        matchers = []
        for each in given["matchers"]:
            sign = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
            operator = sign[each.get("isEqual", True), each.get("isRegex", False)]
            matchers.append(f"{each['name']}{operator}{json.dumps(each['value'])}")
        if all(Matcher.parse(text).matches({}) for text in matchers):
            return  # Alertmanager refuses it, and so do acts
        begin = self._start + max(at, given.get("from", at)) * SECOND
        until = self._start + given["to"] * SECOND
        self._save(Silence(given["id"], tuple(matchers), "", begin, until, "ann", "test"))

    def _save(self, silence: Silence) -> None:
        self._silences[silence.id] = silence
        with self._warehouse.write() as db:
            save_silence(db, silence)

    def _reload(self, what: Any) -> None:
        if isinstance(what, str):
            if found := re.fullmatch(r"receiver (\w+) instead of (\w+)", what):
                del self._hooks[found[2]]
                self._parts.pop(found[2])
                self._add_receiver({"name": found[1]})
                self._route["receiver"] = found[1]
            elif found := re.fullmatch(r"mute_time_intervals: \[(\w+)\] on the route (\w+)", what):
                for route in self._route["routes"]:
                    if route["receiver"] == found[2]:
                        route["mute_time_intervals"] = [found[1]]
            return
        route = {**self._route, **what.get("route", {})}
        known = {each if isinstance(each, str) else each["name"] for each in what.get("receivers", ())}
        if route["receiver"] in (known or self._parts):  # else the old file goes on
            self._route = route

    # --- what costwatch is given -----------------------------------------------------------------

    def _add_receiver(self, given: Mapping[str, Any]) -> None:
        webhooks = given.get("webhook_configs", [{"url": f"HOOK/{given['name']}"}])
        if slacks := given.get("slack_configs"):
            can_edit = any(each.get("update_message") for each in slacks)
            hooks = [_Hook(given["name"]) if can_edit else _Webhook(given["name"])]
        else:
            hooks = [
                _Webhook(it["url"].split("/")[-1], max_alerts=it.get("max_alerts", 0)) for it in webhooks
            ]
        self._parts[given["name"]] = [hook.name for hook in hooks]
        self._hooks |= {hook.name: hook for hook in hooks}

    def _root(self) -> RootRoute:
        return RootRoute.model_validate(dict(self._routed(self._route, is_root=True)))

    def _routed(self, route: Mapping[str, Any], *, is_root: bool = False) -> Iterator[tuple[str, Any]]:
        below = [dict(self._routed(each)) for each in route.get("routes", ())]
        for key, value in route.items():
            if key in _DURATIONS:
                yield key, f"{round(_seconds(value) * SECOND.total_seconds())}s"
            elif key == "receiver":
                parts = self._parts.get(value, [value])
                yield key, parts[0]
                if len(parts) > 1:  # each integration is a receiver of its own here
                    below += [{"receiver": name, "continue": True} for name in parts]
            elif key != "routes":
                yield key, value
        yield "routes", below

    def _clock_time(self, found: re.Match[str]) -> str:
        return f"{HOUR_OF_START.hour + int(found[1]):02}:00"

    def deliver(self, at: float) -> None:
        """A run of delivery at that second."""
        self._set_clock(at)
        before = {name: len(hook.got) for name, hook in self._hooks.items()}
        deliver(
            self._warehouse,
            self._root(),
            list(self._hooks.values()),
            {},
            "",
            self.now,
            inhibit_rules=self._rules,
            time_intervals=self._intervals,
            budget=timedelta(seconds=1),
            clock=FakeTime(),
        )
        for name, hook in self._hooks.items():
            for group, previous in hook.got[before.get(name, 0) :]:
                shown = group.alerts[: hook.max_alerts or None]
                firing = sorted(dict(it.labels)["a"] for it in shown if it.is_firing)
                over = sorted(dict(it.labels)["a"] for it in shown if not it.is_firing)
                texts = tuple(alert.summary for alert in shown)
                is_edit = isinstance(hook, _Hook) and previous is not None
                self.heard.append(Heard(at, name, tuple(firing), tuple(over), is_edit, texts))


def _seconds(text: str) -> float:
    return sum(float(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)(ms|h|m|s)", text))

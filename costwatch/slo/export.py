"""Rules for Prometheus, with the names, labels and windows that Sloth's have, so that dashboards of it go on.

Sloth's rule of the whole period lets every five minutes weigh the same: on one history with little traffic at
night it was ten points off. Here every event weighs the same, unless Sloth's own is asked for.
Source: https://sloth.dev/introduction/architecture/
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from costwatch.slo.objectives import WINDOW, Alert, Method, Objective
from costwatch.slo.windows import BurnWindow, burn_windows, unreachable

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# How Sloth was called that wrote such rules; its dashboards show it.
_MODES = {
    "prometheus/v1": "cli-gen-prom",
    "sloth.slok.dev/v1": "cli-gen-k8s",
    "openslo/v1alpha": "cli-gen-openslo",
}
_TITLE = (
    "({}) {{{{$labels.sloth_service}}}} {{{{$labels.sloth_slo}}}} SLO error budget burn rate is too fast."
)
_SUMMARY = "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected."

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """groups: as a rules file of Prometheus has them. notes: what of the objectives is not in them."""

    groups: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]

    def as_yaml(self) -> str:
        """A rules file."""
        import yaml

        class Dumper(yaml.SafeDumper):
            """Writes texts of several lines as such."""

            def ignore_aliases(self, data: object) -> bool:
                return True

        def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
            style = "|" if "\n" in value else None
            return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

        Dumper.add_representer(str, text)
        return str(yaml.dump({"groups": list(self.groups)}, Dumper=Dumper, sort_keys=False, width=120))


def prometheus_rules(objectives: Iterable[Objective], *, sloth_default: bool = False) -> Rules:
    """Recording rules and alerts. sloth_default: the whole period as Sloth has it, with its error."""
    groups: list[Mapping[str, Any]] = []
    notes: list[str] = []
    for objective in objectives:
        if reason := _unsaid(objective):
            notes.append(f"{objective.id}: {reason}; left out")
            continue
        rules = _Rules(objective, sloth_default)
        groups += rules.groups()
        notes += (f"{objective.id}: {note}" for note in rules.notes)
    return Rules(tuple(groups), tuple(notes))


def _unsaid(objective: Objective) -> str:
    """Why rules cannot say what an objective does."""
    if not objective.is_asked:
        return f"its metric source is {objective.metric_source}, not Prometheus"
    if objective.method is not Method.OCCURRENCES:
        return f"it counts {objective.method.value}, and Sloth's rules count events"
    return "" if objective.period.is_rolling else "its window is of a calendar, and Sloth's rules know none"


class _Rules:
    """Of one objective."""

    def __init__(self, objective: Objective, sloth_default: bool) -> None:
        self._of = objective
        self._sloth_default = sloth_default
        service = objective.service or objective.id.partition("/")[0]
        sloth_id = (
            objective.sloth_id or f"{service}-{re.sub(r'[^A-Za-z0-9_-]+', '-', objective.id).strip('-')}"
        )
        self._ids = {
            "sloth_id": sloth_id,
            "sloth_service": service,
            "sloth_slo": sloth_id.removeprefix(f"{service}-"),
        }
        self._period = _text(objective.period.duration)
        percent = float(objective.target * 100)  # as Sloth has it, whose arithmetic is of floats
        self._target, self._budget = percent / 100, (100 - percent) / 100
        self._objective = f"{percent:.15g}"
        self._windows, notes = burn_windows(objective.period.duration)
        notes += unreachable(self._windows, objective.target)
        self.notes = list(notes) if objective.alerts else []
        odd = sorted(name for name in objective.labels if not _LABEL.fullmatch(name))
        if odd:
            self.notes.append(f"labels {', '.join(odd)} cannot be labels in Prometheus; left out")
        self._labels = {name: text for name, text in objective.labels.items() if name not in odd}

    def groups(self) -> Iterator[Mapping[str, Any]]:
        """Its groups of rules; that of alerts where there are some."""
        name = self._ids["sloth_id"]
        yield {"name": f"sloth-slo-sli-recordings-{name}", "rules": list(self._indicators())}
        yield {"name": f"sloth-slo-meta-recordings-{name}", "rules": list(self._about())}
        if alerts := list(self._alerts()):
            yield {"name": f"sloth-slo-alerts-{name}", "rules": alerts}

    def _indicators(self) -> Iterator[Rule]:
        period = self._of.period.duration
        for window in _recorded(period):
            yield self._recorded(
                f"slo:sli_error:ratio_rate{_text(window)}", self._ratio(window), _text(window)
            )
        whole = self._ratio(period)
        if self._sloth_default:
            five = self._series("slo:sli_error:ratio_rate5m")
            whole = (
                f"sum_over_time({five}[{self._period}])\n/ ignoring (sloth_window)\n"
                f"count_over_time({five}[{self._period}])\n"
            )
        yield self._recorded(f"slo:sli_error:ratio_rate{self._period}", whole, self._period)

    def _about(self) -> Iterator[Rule]:
        labels = self._labels | self._ids
        budget = self._series("slo:error_budget:ratio")
        burns = {"current": "5m", "period": self._period}
        yield self._recorded("slo:objective:ratio", f"vector({self._target!r})")
        yield self._recorded("slo:error_budget:ratio", f"vector(1-{self._target!r})")
        yield self._recorded(
            "slo:time_period:days", f"vector({self._of.period.duration / timedelta(days=1):g})"
        )
        for name, window in burns.items():
            ratio = self._series(f"slo:sli_error:ratio_rate{window}")
            burn = f"{ratio}\n/ on(sloth_id, sloth_slo, sloth_service) group_left\n{budget}\n"
            yield self._recorded(f"slo:{name}_burn_rate:ratio", burn)
        burnt = self._series("slo:period_burn_rate:ratio")
        yield self._recorded("slo:period_error_budget_remaining:ratio", f"1 - {burnt}")
        info = {
            "sloth_mode": _MODES.get(self._of.spec, "costwatch"),
            "sloth_objective": self._objective,
            "sloth_spec": self._of.spec,
            "sloth_version": "dev" if self._of.spec in _MODES else "costwatch",
        }
        yield {"record": "sloth_slo_info", "expr": "vector(1)", "labels": labels | info}

    def _alerts(self) -> Iterator[Rule]:
        for severity, alert in self._of.alerts.items():
            windows = [window for window in self._windows if window.severity == severity]
            if windows:
                yield self._alert(severity, alert, windows)
            else:
                self.notes.append(f"no window is left for a {severity}; that alert is left out")

    def _alert(self, severity: str, alert: Alert, windows: list[BurnWindow]) -> Rule:
        return {
            "alert": alert.name,
            "expr": "or\n".join(map(self._burns, windows)),
            "labels": {"sloth_severity": severity, **alert.labels},
            "annotations": {"title": _TITLE.format(severity), "summary": _SUMMARY, **alert.annotations},
        }

    def _burns(self, window: BurnWindow) -> str:
        limit = f"({window.factor:.15g} * {self._budget!r})"
        ratios = (
            self._series(f"slo:sli_error:ratio_rate{_text(each)}") for each in (window.short, window.long)
        )
        short, long = (f"    max({ratio} > {limit}) without (sloth_window)\n" for ratio in ratios)
        return f"(\n{short}    and\n{long})\n"

    def _ratio(self, window: timedelta) -> str:
        total, good, bad = (
            side and side.promql.replace(WINDOW, _text(window))
            for side in (self._of.indicator.total, self._of.indicator.good, self._of.indicator.bad)
        )
        if not total:
            return f"({bad}\n)"
        return f"({bad}\n)\n/\n({total}\n)\n" if bad else f"1 - (\n({good}\n)\n/\n({total}\n)\n)\n"

    def _recorded(self, name: str, promql: str, window: str = "") -> Rule:
        labels = self._labels | self._ids | ({"sloth_window": window} if window else {})
        return {"record": name, "expr": promql, "labels": labels}

    def _series(self, name: str) -> str:
        return f"{name}{{{', '.join(f'{key}={json.dumps(text)}' for key, text in self._ids.items())}}}"


def _recorded(period: timedelta) -> list[timedelta]:
    """The windows of all alerts that are shorter than the period."""
    windows, _ = burn_windows(timedelta(days=30))
    return sorted({each for window in windows for each in (window.short, window.long) if each < period})


def _text(span: timedelta) -> str:
    """As Prometheus writes a duration."""
    import promql_parser

    return str(promql_parser.display_duration(span))

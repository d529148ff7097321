"""Small clusters as what their exporters tell, and who answers questions about it by a method of his own."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

import numpy as np

from collectors.kubernetes.day import Day
from collectors.kubernetes.grid import Steps
from collectors.kubernetes.names import NAMES
from collectors.kubernetes.questions import Question
from collectors.kubernetes.reading import Listed, Reading, span_seconds
from collectors.kubernetes.rows import Rows
from collectors.kubernetes.tables import TABLES
from collectors.prometheus import Series, matchers

MIDNIGHT = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
STEP = 300

Told = tuple[str, Mapping[str, str], Mapping[float, float]]
"""A series: name, labels, and Unix seconds -> value."""

POD = {"namespace": "a", "pod": "a-1", "uid": "u1"}
C = {**POD, "container": "c"}


def told(name: str, labels: Mapping[str, str], values: str, *, since: float = 0, every: float = STEP) -> Told:
    """A series of samples ``every`` so many seconds from ``since`` after midnight on: "1x12 _x2 3".

    ``_`` is no sample, ``1x12`` twelve times 1, ``0+30x4`` is 0 30 60 90 120.
    """
    samples: dict[float, float] = {}
    at = MIDNIGHT + since
    for part in values.split():
        value, _, times = part.partition("x")
        base, _, by = value.partition("+")
        for number in range(int(times or 1) + bool(by)):
            if base != "_":
                samples[at] = float(base) + number * float(by or 0)
            at += every
    return name, labels, samples


def request(
    cores: str, labels: Mapping[str, str] = C, node: str = "n1", resource: str = "cpu", **at: float
) -> Told:
    return told(
        "kube_pod_container_resource_requests", {**labels, "node": node, "resource": resource}, cores, **at
    )


def phase(of: str, values: str, labels: Mapping[str, str] = POD, **at: float) -> Told:
    return told("kube_pod_status_phase", {**labels, "phase": of}, values, **at)


def capacity(cores: str, node: str = "n1", resource: str = "cpu") -> Told:
    return told("kube_node_status_capacity", {"node": node, "resource": resource}, cores)


def cpu(values: str, labels: Mapping[str, str] = C, **at: float) -> Told:
    own = {name: value for name, value in labels.items() if name != "uid"}
    return told(
        "container_cpu_usage_seconds_total", {"id": "/kubepods/x", "cpu": "total", **own}, values, **at
    )


def openmetrics(text: str) -> list[Told]:
    """The series of a text as ``promtool`` reads it."""
    series: dict[tuple[str, str], dict[float, float]] = defaultdict(dict)
    for line in text.splitlines():
        if match := re.fullmatch(r"(\w+)\{(.*)\} (\S+) (\S+)", line):
            series[match[1], match[2]][float(match[4])] = float(match[3])
    return [
        (name, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', pairs)), samples)
        for (name, pairs), samples in series.items()
    ]


def written(series: Iterable[Told]) -> str:
    """``series`` as ``promtool`` reads them."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for name, labels, samples in series:
        pairs = ",".join(matchers(labels))  # escaped alike
        by_name[name] += [f"{name}{{{pairs}}} {value!r} {at!r}" for at, value in samples.items()]
    lines = []
    for name, found in sorted(by_name.items()):
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# TYPE {name.removesuffix('_total')} {kind}", *found]
    return "\n".join([*lines, "# EOF", ""])


@dataclass(frozen=True)
class Answering:
    """Answers the questions about a day, sample by sample."""

    series: Sequence[Told]
    steps: Steps
    asked: list[Question]

    def __call__(self, question: Question) -> list[Series]:
        self.asked.append(question)
        seconds = span_seconds(question, self.steps)
        start = self.steps.start - question.steps_before * seconds + 86_400 * question.days_later
        end = start + 86_400 if question.days_later else self.steps.start + self.steps.count * STEP
        found = []
        for name, labels, samples in self.series:
            if name in question.names and all(_fits(labels, matcher) for matcher in question.where):
                row = dict(_by_step(samples, start, end, seconds, question.of))
                kept = {
                    at: value for at, value in row.items() if question.above is None or value > question.above
                }
                if kept:
                    times, values = (np.array([*each], dtype=float) for each in (kept, kept.values()))
                    found.append(Series({**labels, "__name__": name}, times, values))
        return found


def _by_step(
    samples: Mapping[float, float], start: float, end: float, seconds: float, of: str
) -> Iterator[tuple[float, float]]:
    """The end of each half-open step, and the last value, the sum or the mean of the samples in it."""
    steps: dict[int, list[float]] = defaultdict(list)
    for at, value in sorted(samples.items()):
        if start <= at < end:
            steps[int((at - start) // seconds)].append(value)
    for step, values in steps.items():
        all_of_it = {"last": values[-1], "sum": sum(values), "mean": sum(values) / len(values)}
        yield start + (step + 1) * seconds - 0.001, all_of_it[of]


def _fits(labels: Mapping[str, str], matcher: str) -> bool:
    found = re.fullmatch(r'(\w+)(=~|!~|!=|=)"(.*)"', matcher)
    assert found, matcher
    value, text = labels.get(found[1], ""), re.sub(r"\\(.)", r"\1", found[3])
    fits = bool(re.fullmatch(text, value)) if "~" in found[2] else value == text
    return fits is not found[2].startswith("!")


def day_of(series: Sequence[Told], hours: int = 24, **listed: Sequence[str]) -> Day:
    """The first of October 2026 as it is read; ``hours`` of it."""
    steps = Steps(float(MIDNIGHT), hours * 12)
    return Day(Reading(Answering(series, steps, []), steps, NAMES, "cluster", "k8s", Listed(**listed)))


def tables_of(
    series: Sequence[Told], hours: int = 24, **listed: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table."""
    rows = Rows(day_of(series, hours, **listed))
    return {table.name: [row for part in rows.of(table.name) for row in part.to_pylist()] for table in TABLES}


def core_hours(
    rows: Iterable[Mapping[str, Any]], by: str = "pod", column: str = "cpu_core_seconds"
) -> dict[str, float]:
    """Sums by a column, over 3600."""
    sums: dict[str, float] = defaultdict(float)
    for row in rows:
        sums[row[by]] += (row[column] or 0.0) / 3600
    return {name: round(value, 9) for name, value in sums.items()}


def crossed(*labels: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Every combination of the label sets."""
    return [{key: value for part in parts for key, value in part.items()} for parts in product(*labels)]

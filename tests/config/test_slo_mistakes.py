"""What is wrong with an SLO file: by line, in words, and then nothing of the file is read."""

from pathlib import Path

import pytest

from tests.made.slo_files import ALPHA, OPENSLO, PYRRA, SLOTH, SLOTH_RESOURCE, mistakes_of

READ = (
    "; costwatch reads openslo/v1, openslo/v1alpha, prometheus/v1, sloth.slok.dev/v1 and pyrra.dev/v1alpha1"
)
_WINDOW = "    - duration: 28d\n      isRolling: true\n"


def sloth(old: str, new: str) -> str:
    return _changed(SLOTH, old, new)


def openslo(old: str, new: str) -> str:
    return _changed(OPENSLO, old, new)


def pyrra(old: str, new: str) -> str:
    return _changed(PYRRA, old, new)


def _changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


CASES = {
    "an objective of 100": (
        sloth("objective: 99.9", "objective: 100"),
        [
            "6: 'objective' must be below 100, for of 100 % no error budget is left, not '100'; "
            "write 99.9 or the like"
        ],
    ),
    "an objective that is a share": (
        sloth("objective: 99.9", "objective: 0.999"),
        ["6: 'objective' must be a percentage, not '0.999'; write 99.9 for 0.999"],
    ),
    "an objective that is no number": (
        sloth("objective: 99.9", "objective: 99,9"),
        ["6: 'objective' must be a number, not '99,9'; write 99.9"],
    ),
    "an unknown key of Sloth": (
        sloth("error_query:", "error_querry:"),
        [
            "9: 'error_query' is missing here; add it",
            "10: unknown key 'error_querry'; did you mean 'error_query'?",
        ],
    ),
    "the other spelling of Sloth": (
        _changed(SLOTH_RESOURCE, "errorQuery:", "error_query:"),
        [
            "10: 'errorQuery' is missing here; add it",
            "11: unknown key 'error_query'; did you mean 'errorQuery'?",
        ],
    ),
    "an SLI plugin": (
        sloth("    sli:\n", "    sli:\n      plugin: {id: a, options: {min_rps: 1}}\n"),
        ["9: 'plugin' is a program that Sloth runs, and costwatch does not; write its queries as 'events'"],
    ),
    "events and a ratio": (
        sloth("    sli:\n", "    sli:\n      raw: {error_ratio_query: 'a[{{.window}}]'}\n"),
        ["8: 'sli' must have one of events, raw and denominator_corrected"],
    ),
    "no SLO at all": (
        "version: prometheus/v1\nservice: a\nslos: []\n",
        ["3: 'slos' must have one item or more, not a list"],
    ),
    "another version of Sloth": (
        sloth("prometheus/v1", "prometheus/v2"),
        ["1: 'version' must be 'prometheus/v1', not 'prometheus/v2'; did you mean 'prometheus/v1'?"],
    ),
    "two mistakes of two objectives": (
        sloth("slos:\n", "slos:\n  - {name: b, objective: 99}\n").replace("99.9", "x"),
        [
            "5: 'sli' is missing here; add it",
            "7: 'objective' must be a number, not 'x'; write e.g. objective: 100",
        ],
    ),
    "an anchor": (
        sloth("labels: {owner", "labels: &all {owner"),
        ["3: anchors (&name) are not allowed; remove it"],
    ),
    "a mistake in the second document": (
        f"{SLOTH}---\n{sloth('99.9', '100')}",
        [
            "24: 'objective' must be below 100, for of 100 % no error budget is left, not '100'; "
            "write 99.9 or the like"
        ],
    ),
    "an unknown apiVersion": (
        openslo("openslo/v1", "openslo/v3"),
        [f"1: apiVersion 'openslo/v3' of kind 'SLO' is not read{READ}"],
    ),
    "an unknown kind": (
        openslo("kind: SLO", "kind: SLOO"),
        [f"2: kind 'SLOO' of openslo/v1 is not read; did you mean 'SLO'?{READ}"],
    ),
    "another program's": (
        "replicas: 1\n",
        [f"1: is no SLO: it has neither 'apiVersion' nor 'version: prometheus/v1'{READ}"],
    ),
    "a time window in the wrong place": (
        openslo(_WINDOW, "")
        .replace("  timeWindow:\n", "")
        .replace("      target: 0.99\n", "      target: 0.99\n      timeWindow: [{duration: 28d}]\n"),
        [
            "4: 'timeWindow' is missing here; add it",
            "23: unknown key 'timeWindow'; did you mean 'timeSliceWindow'?",
        ],
    ),
    "two time windows": (
        openslo(_WINDOW, f"{_WINDOW}    - duration: 7d\n"),
        ["19: 'timeWindow' must have exactly one item, not a list"],
    ),
    "a window of a calendar without one": (
        openslo("isRolling: true", "isRolling: false"),
        ["21: isRolling is false, and 'calendar' is missing; add it with startTime and timeZone"],
    ),
    "a rolling window of a calendar": (
        openslo("isRolling: true", "isRolling: true\n      calendar: {startTime: 2026-01-01, timeZone: UTC}"),
        ["22: calendar is of windows that do not roll; remove it, or write isRolling: false"],
    ),
    "an unknown zone": (
        openslo("isRolling: true", "calendar: {startTime: 2026-01-01, timeZone: Europe/Berln}"),
        ["21: timeZone must be a name of the IANA database, such as Europe/Berlin"],
    ),
    "a start in a zone of its own": (
        openslo("isRolling: true", "calendar: {startTime: 2026-01-01T00:00:00Z, timeZone: UTC}"),
        ["21: startTime must be a time without a zone; write it like 2026-01-01 00:00:00"],
    ),
    "a length that is none": (
        openslo("28d", "28 days"),
        ["20: duration must be one such as 30d, 4w, 1M or 1Q"],
    ),
    "a target of 1": (
        openslo("target: 0.99", "target: 1.0"),
        ["25: 'target' must be below 1, for then no error budget is left, not '1.0'; write 0.999 for 99.9 %"],
    ),
    "two targets": (
        openslo("target: 0.99", "target: 0.99\n      targetPercent: 99"),
        ["24: must have one of target and targetPercent"],
    ),
    "slices without a window": (
        openslo("Occurrences", "Timeslices"),
        ["24: 'timeSliceWindow' is missing here, which Timeslices need; add it, such as 1m"],
    ),
    "slices without a target": (
        openslo("Occurrences", "Timeslices").replace("target:", "timeSliceWindow: 1m\n      target:"),
        ["24: 'timeSliceTarget' is missing here, which Timeslices need; add it, such as 0.99"],
    ),
    "slices that five minutes do not hold": (
        openslo("target:", "timeSliceWindow: 7m\n      target:"),
        [
            "25: timeSliceWindow must be a part of five minutes, or whole ones that fill a day; "
            "write 1m, 5m or 1h"
        ],
    ),
    "a ratio of which less is good": (
        openslo("target:", "op: lt\n      target:"),
        ["25: op says that less is good, and a ratio is of what is good; remove it"],
    ),
    "an unknown budgeting method": (
        openslo("Occurrences", "Occurences"),
        [
            "22: 'budgetingMethod' must be one of 'Occurrences', 'Timeslices' or 'RatioTimeslices', "
            "not 'Occurences'; did you mean 'Occurrences'?"
        ],
    ),
    "a query that is no PromQL": (
        openslo("query: search_requests_total", "query: 'sum(rate(x[{{.window}}])'"),
        ["18: 'query' is no PromQL (unclosed left parenthesis); correct it"],
    ),
    "a counter that is called none": (
        openslo("        counter: true\n", ""),
        ["17: 'query' is a counter by its name; write 'counter: true', or a query with {{.window}}"],
    ),
    "a key that Prometheus does not take": (
        openslo("{query: search_requests_total}", "{promql: search_requests_total}"),
        ["18: 'query' is missing here; add it", "18: unknown key 'promql'; known here: query"],
    ),
    "a source of metrics that nothing names": (
        openslo("type: prometheus", "metricSourceRef: main"),
        ["17: no DataSource is called 'main'; none is known here; or write type: Prometheus"],
    ),
    "good and bad at once": (
        openslo(
            "        total:",
            "        good: {metricSource: {type: Prometheus, spec: {query: a}}}\n        total:",
        ),
        ["9: 'ratioMetric' must have total with one of good and bad, or raw with its rawType"],
    ),
    "a window where each minute is looked at": (
        OPENSLO[: OPENSLO.index("      ratioMetric")]
        + "      thresholdMetric: {metricSource: {type: Prometheus, spec: {query: 'rate(a[{{.window}}])'}}}\n"
        + OPENSLO[OPENSLO.index("  timeWindow") :].replace(
            "target:", "op: lt\n      value: 1\n      target:"
        ),
        ["9: 'query' is looked at each minute, so that {{.window}} says nothing; write a range such as [5m]"],
    ),
    "a threshold without a value": (
        OPENSLO[: OPENSLO.index("      ratioMetric")]
        + "      thresholdMetric: {metricSource: {type: Prometheus, spec: {query: 'rate(a[5m])'}}}\n"
        + OPENSLO[OPENSLO.index("  timeWindow") :].replace("target:", "op: lt\n      target:"),
        ["16: 'op' and 'value' are needed of a thresholdMetric; add them"],
    ),
    "a query of v1alpha without a window": (
        _changed(ALPHA, "sum(rate(all_total[{{.window}}]))", "sum(rate(all_total[5m]))"),
        ["10: 'query': has no {{.window}}; write it in place of the range, as in [{{.window}}]"],
    ),
    "a source of v1alpha that is not Prometheus": (
        _changed(ALPHA, "good: {source: prometheus", "good: {source: datadog"),
        ["9: 'source' must be Prometheus's, which alone is asked, not 'datadog'"],
    ),
    "a target of Pyrra that is a share": (
        pyrra('"99.9"', '"0.999"'),
        ["5: 'target' must be a percentage, not '0.999'; write 99.9 for 0.999"],
    ),
    "a window of Pyrra that is none": (
        pyrra("12w", "12 weeks"),
        ["6: 'window' must be a duration such as 15m, 2h or 1d, not '12 weeks'; write 84d"],
    ),
    "a metric of Pyrra that is no selector": (
        pyrra("'edge_all{site=\"east\"}'", "sum(edge_all)"),
        ["10: 'metric': is no plain selector; write one like http_requests_total{code='500'}"],
    ),
    "two indicators of Pyrra": (
        pyrra("  indicator:\n", "  indicator:\n    boolGauge: {metric: up}\n"),
        ["7: 'indicator' must have one of ratio, latency, latencyNative and bool_gauge"],
    ),
    "an unknown indicator of Pyrra": (
        pyrra("    ratio:", "    ration:"),
        ["8: unknown key 'ration'; did you mean 'ratio'?"],
    ),
    "no bucket": (
        pyrra("errors:", "success:").replace("    ratio:", "    latency:"),
        [
            "9: 'metric' must name one bucket, whose bound is a number, not 'edge_bad{site=\"east\"}'; "
            "write it like le='0.5'"
        ],
    ),
    "no YAML": ("a: b: c\n", ["1: a ':' is out of place; put text that holds ': ' in quotes"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_by_its_line(name: str, tmp_path: Path) -> None:
    text, told = CASES[name]
    assert mistakes_of(tmp_path, text) == [f"a.yaml:{each}" for each in told]

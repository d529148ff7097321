"""Ready-made SLOs on a real Prometheus: bad and all of an hour are what numpy makes of the samples."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from collectors.measures.slo_presets import as_slo_file, slo_presets
from costwatch.slo.objectives import WINDOW
from tests.doubles.prometheus_server import real_prometheus
from tests.made.kubernetes_told import MIDNIGHT, written
from tests.made.preset_series import MINUTE, Case
from tests.made.promql_by_hand import Array, increases
from tests.made.rules_on_prometheus import answer
from tests.made.slo_files import loaded

pytestmark = pytest.mark.prometheus
Sides = dict[tuple[str, ...], tuple[float, float]]  # by labels: bad, all
HOUR = 9  # which of the day is asked for


def samples(values: Array) -> Array:
    """Those of the hour, one a minute, both of its ends included as Prometheus 2 has it."""
    return values[HOUR * 60 : (HOUR + 1) * 60 + 1]


def grown(*counters: Array) -> float:
    """How many a second, in that hour."""
    return float(sum(increases(values, MINUTE)[HOUR] for values in counters)) / 3600


def sampled(case: Case, name: str, limit: float, sides: Callable[[int], tuple[dict[str, str], str]]) -> Sides:
    """Two instances, each of the worst of two series."""
    found: Sides = {}
    for instance in range(2):
        labels, part = sides(instance)
        series = [
            case.tell(name, case.gauge(MINUTE, 0, limit * 1.3), MINUTE, **labels, **{part: n}) for n in "ab"
        ]
        worst = samples(np.maximum(*series))
        found[tuple(labels.values())] = (float((worst > limit).sum()), float(len(worst)))
    return found


def feature_freshness(case: Case) -> Sides:
    def sides(instance: int) -> tuple[dict[str, str], str]:
        return {"project": "risk", "feature_view": f"view{instance}"}, "pod"

    return sampled(case, "feast_feature_freshness_seconds", 1800, sides)


def stream_lag(case: Case) -> Sides:
    def sides(instance: int) -> tuple[dict[str, str], str]:
        return {"job_name": f"job{instance}"}, "subtask_index"

    return sampled(case, "flink_taskmanager_job_task_operator_currentEmitEventTimeLag", 60_000, sides)


def consumer_lag(case: Case) -> Sides:
    parts = [
        case.tell(
            "kafka_consumergroup_lag",
            case.gauge(MINUTE, 0, 8000),
            MINUTE,
            consumergroup="fs",
            topic="t",
            partition=n,
        )
        for n in "01"
    ]
    case.tell(
        "kafka_consumergroup_lag", np.full(1441, -1.0), MINUTE, consumergroup="fs", topic="t", partition="2"
    )
    both = samples(parts[0] + parts[1])
    return {("fs", "t"): (float((both > 10_000).sum()), float(len(both)))}


def slow(case: Case, name: str, bound: str, *, by: str = "", **labels: str) -> Sides:
    """A histogram of two values of a label, one of which restarts."""
    found: Sides = {}
    pairs = []
    for number, value in enumerate(("x", "y")):
        own = {**labels, by or "pod": value}
        everything = case.restarted(case.counter(MINUTE, 9.0 + number), 0.39 + 0.6 * number)
        fast = np.floor(everything * 0.9)
        case.tell(f"{name}_bucket", fast, MINUTE, le=bound, **own)
        case.tell(f"{name}_bucket", everything, MINUTE, le="+Inf", **own)
        case.tell(f"{name}_count", everything, MINUTE, **own)
        pairs.append((everything, fast))
        found[value,] = (grown(everything) - grown(fast), grown(everything))
    if by:
        return found
    every, within = ([pair[side] for pair in pairs] for side in (0, 1))
    return {(): (grown(*every) - grown(*within), grown(*every))}


def feature_latency(case: Case) -> Sides:
    name = "feast_feature_server_request_latency_seconds"
    case.tell(f"{name}_count", case.counter(MINUTE, 5.0), MINUTE, endpoint="/push")
    return slow(case, name, "0.1", endpoint="/get-online-features")


def model_latency(case: Case) -> Sides:
    return slow(case, "request_predict_seconds", "0.25", by="model_name")


def decision_latency(case: Case) -> Sides:
    return slow(case, "decision_duration_seconds", "0.2", by="product")


def flag_service(case: Case) -> Sides:
    name = "flagsmith_http_server_requests_total"
    counters = {}
    for status, rate in (("200", 30.0), ("503", 0.4), ("404", 1.0)):
        labels = {"route": "/api/v1/flags/", "response_status": status}
        counters[status] = case.tell(name, case.counter(MINUTE, rate), MINUTE, **labels)
    case.tell(name, case.counter(MINUTE, 5.0), MINUTE, route="/health", response_status="500")
    return {(): (grown(counters["503"]), grown(*counters.values()))}


CASES: dict[str, Callable[[Case], Sides]] = {
    each.__name__: each
    for each in (
        feature_freshness,
        feature_latency,
        stream_lag,
        consumer_lag,
        model_latency,
        flag_service,
        decision_latency,
    )
}
MADE: dict[str, tuple[Case, Sides]] = {}
for _name, _make in CASES.items():
    _case = Case(np.random.default_rng(sum(map(ord, _name))))
    MADE[_name] = (_case, _make(_case))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    told = [series for case, _ in MADE.values() for series in case.told]
    with real_prometheus(tmp_path_factory.mktemp("prometheus"), written(told)) as running:
        yield running


def test_every_preset_is_run() -> None:
    assert CASES.keys() == slo_presets().keys()


@pytest.mark.parametrize("name", CASES)
def test_an_hour_is_what_numpy_makes_of_the_samples(name: str, url: str, tmp_path: Path) -> None:
    (objective,) = loaded(tmp_path, {"a.yaml": as_slo_file(name, slo_presets()[name])}).objectives
    indicator, sides = objective.indicator, MADE[name][1]
    assert indicator.total
    assert indicator.bad
    for side, query in enumerate((indicator.bad, indicator.total)):
        values = answer(url, query.promql.replace(WINDOW, "1h"), MIDNIGHT + (HOUR + 1) * 3600)
        by_labels = {
            tuple(dict(labels)[key] for key in objective.grouping): value for labels, value in values.items()
        }
        expected = {labels: both[side] for labels, both in sides.items()}
        assert by_labels == {labels: pytest.approx(value, rel=1e-9) for labels, value in expected.items()}
        assert all(expected.values())

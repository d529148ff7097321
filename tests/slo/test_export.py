"""Rules for Prometheus of what Sloth has no form for, and what is left out of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from costwatch.slo.export import Rules, prometheus_rules
from costwatch.slo.objectives import Method, Objective, Period
from tests.made.slo_files import OPENSLO, PYRRA, SLOTH, loaded


def objective(folder: Path, text: str) -> Objective:
    return loaded(folder, {"a.yaml": text}).objectives[0]


def rules_of(exported: Rules) -> dict[str, Any]:
    groups = yaml.safe_load(exported.as_yaml())["groups"]
    return {
        rule.get("record") or rule["labels"]["sloth_severity"]: rule
        for each in groups
        for rule in each["rules"]
    }


def test_the_whole_period_weighs_every_event_the_same_unless_sloths_own_is_asked_for(tmp_path: Path) -> None:
    known = objective(tmp_path, SLOTH)
    accurate = rules_of(prometheus_rules([known]))["slo:sli_error:ratio_rate30d"]
    assert accurate["expr"] == (
        '(sum(rate(http_requests_total{code=~"5.."}[30d]))\n)\n/\n(sum(rate(http_requests_total[30d]))\n)\n'
    )
    own = rules_of(prometheus_rules([known], sloth_default=True))["slo:sli_error:ratio_rate30d"]
    assert own["expr"].startswith("sum_over_time(slo:sli_error:ratio_rate5m{")
    assert accurate["labels"] == own["labels"]


def test_windows_are_scaled_to_the_period_and_those_without_sense_left_out(tmp_path: Path) -> None:
    exported = prometheus_rules([replace(objective(tmp_path, PYRRA), period=Period(timedelta(days=7)))])
    assert exported.notes == (
        "pilot/edge: the ticket window of 24 h is left out: over 7 days its factor is 0.7, "
        "which a budget that lasts may burn at, too",
        "pilot/edge: the ticket window of 72 h is left out: over 7 days its factor is 0.233, "
        "which a budget that lasts may burn at, too",
        "pilot/edge: no window is left for a ticket; that alert is left out",
    )
    rules = rules_of(exported)
    assert "slo:sli_error:ratio_rate1w" in rules
    assert "(3.36 * " in rules["page"]["expr"]
    assert "(1.4 * " in rules["page"]["expr"]
    assert "ticket" not in rules
    assert rules["slo:time_period:days"]["expr"] == "vector(7)"


def test_pyrras_are_told_apart_by_its_own_labels(tmp_path: Path) -> None:
    rules = rules_of(prometheus_rules([objective(tmp_path, PYRRA)]))
    ids = {"sloth_id": "pilot-pilot-edge", "sloth_service": "pilot", "sloth_slo": "pilot-edge"}
    assert rules["slo:objective:ratio"]["labels"] == {"team": "platform", **ids}
    assert rules["sloth_slo_info"]["labels"]["sloth_version"] == "costwatch"
    assert rules["page"]["labels"] == {"sloth_severity": "page", "team": "platform", "severity": "critical"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            {"method": Method.TIMESLICES, "slice_seconds": 60, "slice_target": Decimal("0.9")},
            "it counts Timeslices, and Sloth's rules count events; left out",
            id="slices",
        ),
        pytest.param(
            {"period": Period(months=1, anchor=datetime(2026, 1, 1))},  # noqa: DTZ001
            "its window is of a calendar, and Sloth's rules know none; left out",
            id="a calendar",
        ),
        pytest.param(
            {"metric_source": "Datadog"},
            "its metric source is Datadog, not Prometheus; left out",
            id="not Prometheus",
        ),
    ],
)
def test_what_rules_cannot_say_is_left_out_and_told(
    change: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    exported = prometheus_rules([replace(objective(tmp_path, OPENSLO), **change)])
    assert (exported.groups, exported.notes) == ((), (f"search: {reason}",))


def test_labels_that_prometheus_does_not_take_are_left_out_and_told(tmp_path: Path) -> None:
    known = replace(objective(tmp_path, OPENSLO), labels={"app.kubernetes.io/name": "a", "team": 'a"b'})
    exported = prometheus_rules([known])
    assert exported.notes == (
        "search: labels app.kubernetes.io/name cannot be labels in Prometheus; left out",
    )
    assert rules_of(exported)["slo:objective:ratio"]["labels"]["team"] == 'a"b'

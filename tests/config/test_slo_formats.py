"""SLO files of each format, by hand: what becomes of them."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.slo.objectives import Alert, Form, Indicator, Method, Objective, Period, Query
from tests.made.slo_files import ALPHA, OPENSLO, PYRRA, SLOTH, SLOTH_RESOURCE, loaded


def only(folder: Path, text: str) -> Objective:
    read = loaded(folder, {"a.yaml": text})
    assert (read.mistakes, read.notes) == ((), ())
    (objective,) = read.objectives
    return objective


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def test_a_file_of_sloth(tmp_path: Path) -> None:
    assert only(tmp_path, SLOTH) == Objective(
        id="web shop-availability",
        name="availability",
        target=Decimal("0.999"),
        indicator=Indicator(
            total=Query("sum(rate(http_requests_total[{{.window}}]))", Form.COUNTER, is_rate=True),
            bad=Query('sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))', Form.COUNTER, is_rate=True),
        ),
        service="web shop",
        team="platform",
        system="web-shop",
        labels={"owner": "sre_guild", "tier": "2", "category": "availability"},
        ticket=False,
        alerts={
            "page": Alert(
                "ShopErrors", {"area": "shop", "severity": "page"}, {"runbook": "https://runbooks.test/shop"}
            )
        },
        sloth_id="web shop-availability",
        spec="prometheus/v1",
        file=str(tmp_path / "a.yaml"),
        line=5,
    )


def test_a_resource_of_sloth(tmp_path: Path) -> None:
    found = only(tmp_path, SLOTH_RESOURCE)
    assert (found.id, found.team, found.system, found.spec) == (
        "checkout-latency",
        "risk",
        "web-shop",
        "sloth.slok.dev/v1",
    )
    assert (found.indicator.form, found.grouping) == (Form.COUNTER, ("request_host",))
    assert (found.page, found.ticket, [*found.alerts]) == (False, True, ["ticket"])


@pytest.mark.parametrize(
    ("query", "form"),
    [
        pytest.param(
            "1 - avg_over_time(probe_success[{{.window}}]) or on() vector(0)", Form.RATIO, id="of probes"
        ),
        pytest.param(
            "sum(rate(bad[{{.window}}])) / sum(rate(all[{{.window}}]))", Form.RATIO, id="of two counters"
        ),
    ],
)
def test_a_ratio_without_a_total_is_weighed_by_time_and_says_so(
    query: str, form: Form, tmp_path: Path
) -> None:
    events = SLOTH[SLOTH.index("      events") : SLOTH.index("    alerting")]
    found = only(tmp_path, replaced(SLOTH, events, f"      raw: {{error_ratio_query: '{query}'}}\n"))
    assert (found.indicator, found.unit) == (Indicator(bad=Query(query, form)), "seconds")
    assert "every five minutes weigh the same" in found.notes[0]


@pytest.mark.parametrize(
    ("error", "total", "form", "approximate"),
    [
        pytest.param(
            "sum_over_time((count(ready == 0))[{{.window}}:]) or on() vector(0)",
            "sum_over_time((count(ready))[{{.window}}:])",
            Form.GAUGE,
            False,
            id="samples of a gauge",
        ),
        pytest.param(
            "1 - avg_over_time(ready[{{.window}}])",
            "count_over_time(ready[{{.window}}])",
            Form.OTHER,
            True,
            id="one side that is no count",
        ),
    ],
)
def test_the_form_is_the_least_exact_of_both_sides(
    error: str, total: str, form: Form, approximate: bool, tmp_path: Path
) -> None:
    text = replaced(SLOTH, 'sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))', error)
    found = only(tmp_path, replaced(text, "sum(rate(http_requests_total[{{.window}}]))", total))
    assert found.indicator.form is form
    assert any("approximate" in note for note in found.notes) == approximate


def test_plugins_of_objectives_are_dropped_with_a_note(tmp_path: Path) -> None:
    text = replaced(SLOTH, "slos:\n", "slo_plugins: {chain: [{id: sloth.dev/core/debug/v1}]}\nslos:\n")
    assert "its chain of Sloth's SLO plugins is dropped" in only(tmp_path, text).notes[0]


def test_a_corrected_denominator_is_counted(tmp_path: Path) -> None:
    text = replaced(SLOTH, "events:", "denominator_corrected:")
    assert only(tmp_path, text).indicator == only(tmp_path, SLOTH).indicator
    text = replaced(text, "error_query", "success_query")
    assert only(tmp_path, text).indicator.good == only(tmp_path, SLOTH).indicator.bad


def test_a_file_of_openslo(tmp_path: Path) -> None:
    found = only(tmp_path, OPENSLO)
    assert found.indicator == Indicator(
        total=Query("sum(increase(search_requests_total[{{.window}}]))", Form.COUNTER),
        bad=Query('sum by (zone) (increase(search_requests_total{code="500"}[{{.window}}]))', Form.COUNTER),
    )
    assert (found.id, found.name, found.service, found.team, found.system) == (
        "search",
        "Search",
        "web-shop",
        "risk",
        "web-shop",
    )
    assert (found.target, found.period, found.notes) == (Decimal("0.99"), Period(timedelta(days=28)), ())
    assert (found.method, found.alerts, found.line) == (Method.OCCURRENCES, {}, 24)
    assert only(tmp_path, replaced(OPENSLO, "target: 0.99", "targetPercent: 99")) == found


def test_several_objectives_are_told_apart_by_their_names(tmp_path: Path) -> None:
    several = "      target: 0.99\n    - {displayName: Best, target: 0.999}\n"
    read = loaded(tmp_path, {"a.yaml": replaced(OPENSLO, "      target: 0.99\n", several)})
    assert [(one.id, one.name, str(one.target)) for one in read.objectives] == [
        ("search{objective=Best}", "Search: Best", "0.999"),
        ("search{objective=Good}", "Search: Good", "0.99"),
    ]


@pytest.mark.parametrize(
    ("window", "period"),
    [
        pytest.param("{duration: 4w}", Period(timedelta(weeks=4)), id="without a word it rolls"),
        pytest.param("{duration: 12h, isRolling: true}", Period(timedelta(hours=12)), id="of hours"),
        pytest.param(
            "{duration: 1w, calendar: {startTime: 2026-01-05 12:00:00, timeZone: America/New_York}}",
            Period(timedelta(weeks=1), 0, datetime(2026, 1, 5, 12), "America/New_York"),  # noqa: DTZ001
            id="a calendar's weeks begin when its first did",
        ),
        pytest.param(
            "{duration: 1Q, isRolling: false, calendar: {startTime: 2026-01-01, timeZone: UTC}}",
            Period(timedelta(days=90), 3, datetime(2026, 1, 1), "UTC"),  # noqa: DTZ001
            id="a quarter is three months",
        ),
        pytest.param(
            "{duration: 1Y, isRolling: false, calendar: {startTime: 2026-01-01, timeZone: UTC}}",
            Period(timedelta(days=365), 12, datetime(2026, 1, 1), "UTC"),  # noqa: DTZ001
            id="a year is twelve",
        ),
    ],
)
def test_a_time_window(window: str, period: Period, tmp_path: Path) -> None:
    text = replaced(OPENSLO, "    - duration: 28d\n      isRolling: true\n", f"    - {window}\n")
    assert only(tmp_path, text).period == period


def test_lengths_that_nobody_means_are_told(tmp_path: Path) -> None:
    window = "    - duration: 28d\n      isRolling: true\n"
    rolling = only(tmp_path, replaced(OPENSLO, window, "    - {duration: 1M}\n"))
    assert (rolling.period, rolling.notes) == (Period(), ("a rolling 1M is 30 days",))
    minutes = "    - {duration: 1m, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}\n"
    calendar = only(tmp_path, replaced(OPENSLO, window, minutes))
    assert (calendar.period.months, calendar.notes) == (
        1,
        ("1m would be minutes, and is read as months; write 1M",),
    )


def test_slices(tmp_path: Path) -> None:
    text = replaced(OPENSLO, "Occurrences", "Timeslices")
    text = replaced(
        text, "      target", "      timeSliceTarget: 0.95\n      timeSliceWindow: 5\n      target"
    )
    found = only(tmp_path, text)
    assert (found.method, found.slice_seconds, found.slice_target, found.unit) == (
        Method.TIMESLICES,
        300,
        Decimal("0.95"),
        "slices",
    )
    ratio = only(tmp_path, replaced(text, "Timeslices", "RatioTimeslices"))
    assert (ratio.method, ratio.slice_target) == (Method.RATIO_TIMESLICES, 0)


_RATIO = OPENSLO[OPENSLO.index("      ratioMetric") : OPENSLO.index("  timeWindow")]


def test_a_threshold_is_held_against_the_values_of_each_minute(tmp_path: Path) -> None:
    query = "histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))"
    metric = f"{{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}"
    text = replaced(OPENSLO, _RATIO, f"      thresholdMetric: {metric}\n")
    found = only(tmp_path, replaced(text, "      target", "      op: lte\n      value: 0.5\n      target"))
    assert found.indicator == Indicator(
        total=Query(f"count_over_time(({query})[{{{{.window}}}}:1m])", Form.GAUGE),
        good=Query(f"sum_over_time((({query}) <= bool 0.5)[{{{{.window}}}}:1m])", Form.GAUGE),
    )
    assert found.notes == ("a thresholdMetric has no events: the values of each minute are counted instead",)


@pytest.mark.parametrize(
    ("ratio", "form", "note"),
    [
        pytest.param(
            "sum(rate(a[5m]))", Form.OTHER, "is asked as it is", id="a fixed range is asked as it is"
        ),
        pytest.param("sum(rate(a[{{.window}}]))", Form.COUNTER, "", id="a window is counted"),
    ],
)
def test_a_query_of_openslo(ratio: str, form: Form, note: str, tmp_path: Path) -> None:
    text = replaced(OPENSLO, "query: search_requests_total}", f"query: '{ratio}'}}")
    found = only(tmp_path, text)
    assert found.indicator.total
    assert found.indicator.total.form is form
    assert any(note in each for each in found.notes) if note else not found.notes


def test_a_gauge_of_openslo_is_sampled(tmp_path: Path) -> None:
    text = replaced(OPENSLO, "        counter: true\n", "")
    text = replaced(text, 'sum by (zone) (search_requests_total{code="500"})', "replicas_down")
    found = only(tmp_path, replaced(text, "query: search_requests_total}", "query: replicas}"))
    assert found.indicator == Indicator(
        total=Query("sum(sum_over_time(replicas[{{.window}}]))", Form.GAUGE),
        bad=Query("sum(sum_over_time(replicas_down[{{.window}}]))", Form.GAUGE),
    )


@pytest.mark.parametrize(("kind", "bad"), [("success", "1 - (ratio)"), ("failure", "ratio")])
def test_a_raw_ratio(kind: str, bad: str, tmp_path: Path) -> None:
    raw = f"{{rawType: {kind}, raw: {{metricSource: {{type: Prometheus, spec: {{query: ratio}}}}}}}}"
    found = only(tmp_path, replaced(OPENSLO, _RATIO, f"      ratioMetric: {raw}\n"))
    assert found.indicator == Indicator(bad=Query(bad, Form.RATIO))


def test_what_prometheus_has_not_is_loaded_and_never_measured(tmp_path: Path) -> None:
    text = replaced(replaced(OPENSLO, "type: Prometheus", "type: Any"), "type: prometheus", "type: Any")
    found = only(tmp_path, text)
    assert (found.is_asked, found.indicator) == (False, Indicator())
    assert found.notes == ("its metric source is 'Any', which costwatch cannot ask: nothing measures it",)


def test_documents_of_openslo_name_each_other_across_files(tmp_path: Path) -> None:
    inline = OPENSLO[OPENSLO.index("  indicator:") : OPENSLO.index("  timeWindow")]
    spec = _RATIO.replace("\n    ", "\n").replace("      ratioMetric", "  ratioMetric", 1)
    sli = f"apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: errors}}\nspec:\n{spec}"
    sli = sli.replace("type: Prometheus", "metricSourceRef: main").replace(
        "type: prometheus", "metricSourceRef: main"
    )
    source = (
        "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: main}\n"
        "spec: {type: Prometheus, connectionDetails: {url: https://prometheus.test}}\n"
        "---\napiVersion: openslo/v1\nkind: Service\nmetadata: {name: web-shop}\nspec: {description: x}\n"
    )
    files = {
        "z/sli.yaml": sli,
        "b.yml": source,
        "a.yaml": replaced(OPENSLO, inline, "  indicatorRef: errors\n"),
    }
    read = loaded(tmp_path / "several", files)
    assert read.mistakes == ()
    assert read.objectives[0].indicator == only(tmp_path / "one", OPENSLO).indicator
    del files["z/sli.yaml"]
    read = loaded(tmp_path / "fewer", files)
    assert [each.partition("a.yaml:")[2] for each in read.mistakes] == [
        "6: no SLI is called 'errors'; none is known here"
    ]


def test_alert_policies_are_not_taken_over(tmp_path: Path) -> None:
    found = only(tmp_path, f"{OPENSLO}  alertPolicies: [{{alertPolicyRef: x}}]\n")
    assert "its alert policies are not taken over" in found.notes[0]
    assert only(tmp_path, f"{OPENSLO}  alertPolicies:\n").notes == ()


def test_a_file_of_openslo_v1alpha(tmp_path: Path) -> None:
    found = only(tmp_path, ALPHA)
    assert (found.id, found.sloth_id, found.spec) == ("search", "web-shop-search-0", "openslo/v1alpha")
    assert (found.method, found.slice_seconds, found.period.months, found.period.zone) == (
        Method.TIMESLICES,
        60,
        1,
        "Europe/Berlin",
    )
    assert found.indicator.good == Query("sum(rate(good_total[{{.window}}]))", Form.COUNTER, is_rate=True)


def test_a_resource_of_pyrra(tmp_path: Path) -> None:
    found = only(tmp_path, PYRRA)
    assert (found.id, found.team, found.period, found.grouping) == (
        "pilot/edge",
        "platform",
        Period(timedelta(weeks=12)),
        ("host",),
    )
    assert found.indicator == Indicator(
        total=Query('sum by (host) (increase(edge_all{site="east"}[{{.window}}]))', Form.COUNTER),
        bad=Query('sum by (host) (increase(edge_bad{site="east"}[{{.window}}]))', Form.COUNTER),
    )
    assert found.labels == {"team": "platform"}
    assert "are not taken over" in found.notes[0]


_INDICATOR = PYRRA[PYRRA.index("    ratio:") :]


@pytest.mark.parametrize(
    ("indicator", "total", "good"),
    [
        pytest.param(
            "{latency: {success: {metric: 'a_bucket{le=\"0.05\"}'}, total: {metric: a_count}}}",
            "sum(increase(a_count[{{.window}}]))",
            'sum(increase(a_bucket{le="0.05"}[{{.window}}]))',
            id="latency",
        ),
        pytest.param(
            "{latencyNative: {latency: 200ms, total: {metric: a}, grouping: [b]}}",
            "histogram_count(sum by (b) (increase(a[{{.window}}])))",
            "histogram_count(sum by (b) (increase(a[{{.window}}]))) "
            "* histogram_fraction(0, 0.2, sum by (b) (increase(a[{{.window}}])))",
            id="latencyNative",
        ),
        *(
            pytest.param(
                f"{{{name}: {{metric: up, grouping: [job]}}}}",
                "sum by (job) (count_over_time(up[{{.window}}]))",
                "sum by (job) (sum_over_time(up[{{.window}}]))",
                id=name,
            )
            for name in ("bool_gauge", "boolGauge")
        ),
    ],
)
def test_an_indicator_of_pyrra(indicator: str, total: str, good: str, tmp_path: Path) -> None:
    text = replaced(
        PYRRA, f"  indicator:\n{_INDICATOR}", f"  indicator: {indicator}\n  alerting: {{disabled: true}}\n"
    )
    found = only(tmp_path, text)
    assert found.indicator.total
    assert found.indicator.good
    assert (found.indicator.total.promql, found.indicator.good.promql) == (total, good)
    assert (found.page, found.ticket, found.alerts) == (False, False, {})

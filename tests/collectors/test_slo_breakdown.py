"""Bad events by label, of a real Prometheus: what an alert tells of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.slo.breakdown import Breakdown
from collectors.slo.source import Slo
from costwatch.model import Window
from costwatch.slo.drivers import bad_by, error_ratio, own_labels
from costwatch.slo.objectives import Form, Indicator, Query
from costwatch.slo.promql import query_of
from tests.doubles.prometheus_server import real_prometheus
from tests.made.slo_buckets import objective

AT = datetime(2026, 10, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


def asked(promql: str) -> Query:
    return Query(promql, Form.COUNTER, is_rate="rate" in promql)


BY_BAD = Indicator(
    total=asked("sum by (host) (rate(m_total[{{.window}}]))"),
    bad=asked('sum by (host) (rate(m_total{code=~"5.."}[{{.window}}])) or on () vector(0)'),
)
BY_GOOD = Indicator(
    total=asked("sum(increase(m_total[{{.window}}]))"),
    good=asked('sum(increase(m_total{code!~"5.."}[{{.window}}]))'),
)


def metrics() -> str:
    """Of two hosts six hours: each minute one with code 500 on /pay at a, three with 503 on /buy at b."""
    lines = ["# TYPE m counter"]
    for labels, per_minute in (
        ('host="a",route="/pay",code="200"', 100),
        ('host="a",route="/pay",code="500"', 1),
        ('host="b",route="/buy",code="200"', 50),
        ('host="b",route="/buy",code="503"', 3),
    ):
        start = AT - 6 * HOUR
        for minute in range(361):
            at = int((start + timedelta(minutes=minute)).timestamp())
            lines.append(f"m_total{{{labels}}} {minute * per_minute} {at}")
    return "\n".join([*lines, "# EOF", ""])


@pytest.mark.prometheus
def test_bad_events_come_by_label_and_instance(tmp_path: Path) -> None:
    by = ("slo", "instance", "label:code", "label:route")
    grouped = objective("grouped", indicator=BY_BAD, grouping=("host",))
    whole = objective("whole", indicator=BY_GOOD)
    with real_prometheus(tmp_path, metrics()) as url:
        source = Slo(name="slos", url=url).with_objectives([grouped, whole])
        ask = Breakdown([source])
        window = Window(AT - HOUR, AT)
        of_b = ask(by, window, (("instance", '{"host":"b"}'), ("slo", "grouped")))
        of_all = ask(by, window, (("instance", ""), ("slo", "whole")))
    assert _told(of_b) == {("503", "/buy"): 180}
    assert {key: count for key, count in _told(of_all).items() if count} == {
        ("500", "/pay"): 60,
        ("503", "/buy"): 180,
    }


def test_a_server_that_does_not_answer_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.prometheus.session._PAUSE_SECONDS", {"wait_initial": 0, "wait_jitter": 0})
    source = Slo(name="slos", url="http://127.0.0.1:9").with_objectives([objective(indicator=BY_GOOD)])
    ask, where = Breakdown([source]), (("instance", ""), ("slo", "checkout"))
    assert ask(("label:code",), Window(AT - HOUR, AT), where) is None
    monkeypatch.setattr("collectors.slo.breakdown.Prometheus", None)  # asking again would raise
    assert ask(("label:code",), Window(AT - HOUR, AT), where) is None
    assert ask(("label:code",), Window(AT - HOUR, AT), (("slo", "nobody's"),)) is None


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (
            'sum(rate(m_total{code="500"}[{{.window}}]))',
            '(sum by (code) (rate(m_total{code="500"}[1h]))) * 3600',
        ),
        (
            "sum(increase(a[{{.window}}])) - sum(increase(b[{{.window}}]))",
            "(sum by (code) (increase(a[1h]))) - ((sum by (code) (increase(b[1h]))) or "
            "0 * (sum by (code) (increase(a[1h]))))",
        ),
        (
            "clamp_min(sum(increase(a[{{.window}}])), 0)",
            "clamp_min(sum by (code) (increase(a[1h])), 0)",
        ),
    ],
)
def test_a_query_is_summed_by_more_labels(bad: str, expected: str) -> None:
    of = objective(indicator=replace(BY_BAD, bad=asked(bad)))
    assert bad_by(of, ["code"], HOUR) == expected


def test_what_is_no_sum_cannot_be_told_apart() -> None:
    of = objective(indicator=replace(BY_BAD, bad=asked("max(rate(a[{{.window}}]))")))
    with pytest.raises(ValueError, match="no sum"):
        bad_by(of, ["code"], HOUR)


@pytest.mark.parametrize("side", ["bad", "good"])
def test_a_comment_at_the_end_of_a_query_hides_nothing_of_the_share_to_look_at(side: str) -> None:
    queries = {name: asked("sum(rate(m_total[{{.window}}])) # all of them") for name in ("total", side)}
    assert query_of(error_ratio(Indicator(**queries))).form is Form.OTHER


def test_labels_that_leave_a_choice_tell_more() -> None:
    assert own_labels('sum(rate(a{job="api",code=~"5..",le="0.3"}[{{.window}}]))') == ("code",)
    assert own_labels('sum(rate(a{job="api"}[{{.window}}]))') == ("job",)
    assert own_labels("sum(rate(a[{{.window}}]))") == ()


def _told(answer: object) -> dict[tuple[str, str], int]:
    assert isinstance(answer, dict)
    return {
        (dict(key)["label:code"], dict(key)["label:route"]): round(sum((p.value for p in points), Decimal()))
        for key, points in answer.items()
    }

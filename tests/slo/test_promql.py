"""What a query of an SLI counts, and which are refused (research: slo rules 1, 2, 9, 12, 13)."""

import re

import pytest

from costwatch.slo.objectives import Form
from costwatch.slo.promql import bucket_of, counter_query, grouping_of, is_selector, query_of, selector_of

RATE, INCREASE = (Form.COUNTER, True), (Form.COUNTER, False)
GAUGE, OTHER = (Form.GAUGE, False), (Form.OTHER, False)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        pytest.param("sum(rate(a[{{.window}}]))", RATE, id="a sum of rates counts events of a second"),
        pytest.param(
            "sum by (b) (increase(a[{{ .window }}]))", INCREASE, id="a sum of increases counts events"
        ),
        pytest.param("rate(a[{{- .window -}}])", RATE, id="no sum is needed, and marks may trim blanks"),
        pytest.param(
            "clamp_min(sum(rate(a_count[{{.window}}])) - sum(rate(a_bucket{le='0.4'}[{{.window}}])), 0)",
            RATE,
            id="a latency as the count less its bucket, never below 0",
        ),
        pytest.param("sum(rate(a[{{.window}}])) OR on() vector(0)", RATE, id="or 0 where there is none"),
        pytest.param("sum(rate(a[{{.window}}])) * 60 / 2", RATE, id="numbers scale events"),
        pytest.param("2 * sum(increase(a[{{.window}}]))", INCREASE, id="from the left, too"),
        pytest.param("sum(rate(a[{{.window}}])) + sum(rate(b[{{.window}}]))", RATE, id="two counters added"),
        pytest.param(
            "histogram_count(increase(h[{{.window}}])) * histogram_fraction(0, 1, increase(h[{{.window}}]))",
            INCREASE,
            id="a share of a native histogram",
        ),
        pytest.param(
            "label_replace(sum(rate(a[{{.window}}])), 'b', 'c', '', '')", RATE, id="labels replaced"
        ),
        pytest.param(
            "sum_over_time((count(a < 0.75))[{{.window}}:]) OR on() vector(0)",
            GAUGE,
            id="samples of a subquery",
        ),
        pytest.param("avg_over_time(kube_pod_status_ready[{{.window}}])", GAUGE, id="samples of each pod"),
        pytest.param(
            "sum(sum_over_time(a[{{.window}}]) and on (node) time() - kube_node_created > 600)",
            GAUGE,
            id="samples of nodes that are old enough",
        ),
        pytest.param(
            "sum(increase(a[{{.window}}])) - sum(rate(b[{{.window}}]))", OTHER, id="unlike are not added"
        ),
        pytest.param("1 - sum(rate(a[{{.window}}]))", OTHER, id="a number less a rate is no count"),
        pytest.param("avg(rate(a[{{.window}}]))", OTHER, id="a mean of rates is no count"),
        pytest.param("sum(rate(a[{{.window}}])) > 5", OTHER, id="a comparison is no count"),
        pytest.param(
            "(sum(rate(a[{{.window}}])) > 0)", RATE, id="what is above 0 counts what it did without"
        ),
        pytest.param("sum(increase(a[{{.window}}])) != 0", INCREASE, id="what is not 0, too"),
        pytest.param("sum(rate(a[{{.window}}])) > bool 0", OTHER, id="whether it is above 0 is no count"),
        pytest.param("sum(sum_over_time(a[{{.window}}])) > 0", OTHER, id="samples may be below 0"),
        pytest.param(
            "histogram_quantile(0.9, sum by (le) (rate(a_bucket[{{.window}}])))",
            OTHER,
            id="a quantile is no count",
        ),
        pytest.param("sum(rate(a[{{.window}}])) / sum(rate(b[5m]))", OTHER, id="a ratio is no count"),
        pytest.param("increase((a >= 0)[{{.window}}:1m])", OTHER, id="a growth of a subquery is sampled"),
    ],
)
def test_a_query_counts(text: str, counts: tuple[Form, bool]) -> None:
    query = query_of(text)
    assert (query.form, query.is_rate) == counts
    assert "{{.window}}" in query.promql


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            "histogram_share(0.2, rate(a[{{.window}}]))",
            "asks for 'histogram_share', which is no function of Prometheus, but perhaps of MetricsQL; "
            "write it in PromQL",
            id="a function of MetricsQL, by its name",
        ),
        pytest.param(
            "sum(rate(a[{{.window}}])", "is no PromQL (unclosed left parenthesis); correct it", id="no PromQL"
        ),
        pytest.param(
            "sum(rate(a[5m]))",
            "has no {{.window}}; write it in place of the range, as in [{{.window}}]",
            id="no window",
        ),
        pytest.param(
            "rate(a[{{.Window}}])",
            "holds {{.Window}}, which nothing fills in; only {{.window}} is",
            id="a variable that nobody knows",
        ),
        pytest.param(
            "sum(rate(a_bucket[{{.window}}]))",
            "sums buckets of a_bucket of all bounds, each of which holds the smaller ones; "
            "name one, such as le='0.5'",
            id="all buckets at once",
        ),
        *(
            pytest.param(
                text,
                "is too long to be understood; let a rule of Prometheus record a part of it",
                id=f"{name}, which would end the program",
            )
            for name, text in {
                "ten thousand brackets": f"{'(' * 10_000}rate(a[{{{{.window}}}}]){')' * 10_000}",
                "a thousand signs": f"{'-' * 1000}rate(a[{{{{.window}}}}])",
                "a thousand sums": "rate(a[{{.window}}])" + " + a" * 1000,
                "a thousand ors": "rate(a[{{.window}}])" + " or a" * 1000,
            }.items()
        ),
        pytest.param("5", "selects no series; write a query of some", id="a number"),
    ],
)
def test_a_query_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        query_of(text)


def test_a_query_of_fixed_ranges_is_asked_as_it_is_where_that_is_allowed() -> None:
    assert query_of("sum(rate(a[10m]))", needs_window=False).form is Form.OTHER
    with pytest.raises(ValueError, match="has a fixed range of 30 days"):
        query_of("sum(increase(a[30d]))", needs_window=False)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ('rate(a{le="5"}[{{.window}}])', 'rate(a{le=~"5|5[.]0"}[{{.window}}])'),
        ("rate(a{le='5.0'}[{{.window}}])", "rate(a{le=~'5|5[.]0'}[{{.window}}])"),
        ('rate(a{le="0.05"}[{{.window}}])', 'rate(a{le="0.05"}[{{.window}}])'),
        ('rate(a{le="+Inf"}[{{.window}}])', 'rate(a{le="+Inf"}[{{.window}}])'),
        ('rate(a{title="5"}[{{.window}}])', 'rate(a{title="5"}[{{.window}}])'),
    ],
    ids=str,
)
def test_a_bound_is_a_number_however_it_is_written(written: str, asked: str) -> None:
    assert query_of(written).promql == asked


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("sum by (host, path) (rate(a[{{.window}}])) or vector(0)", ("host", "path")),
        ("clamp_min(sum(rate(a[{{.window}}])) by (b), 0)", ("b",)),
        ("100 * (sum by (b) (rate(a[{{.window}}])))", ("b",)),
        ("sum_over_time((max by (b) (a) > bool 5)[{{.window}}:1m])", ("b",)),
        ("sum(rate(a[{{.window}}]))", ()),
        ("sum without (b) (rate(a[{{.window}}]))", ()),
        ("rate(a[{{.window}}])", ()),
    ],
    ids=str,
)
def test_the_outermost_sum_says_what_instances_are_told_apart_by(text: str, by: tuple[str, ...]) -> None:
    assert grouping_of(query_of(text)) == by


def test_a_selector_is_one() -> None:
    assert selector_of(' a_total{b="c"} ') == 'a_total{b="c"}'
    texts = ("a", "sum(a)", "a offset 5m", "a[5m]", "a{")
    assert [text for text in texts if is_selector(text)] == ["a"]


@pytest.mark.parametrize(
    "text", ["a_bucket", 'a_bucket{le=~"0.5|1"}', 'a_bucket{le="slow"}', 'a_bucket{le="nan"}']
)
def test_a_bucket_has_one_bound(text: str) -> None:
    with pytest.raises(ValueError, match="must name one bucket"):
        bucket_of(text)


def test_a_counter_is_counted_before_it_is_summed() -> None:
    asked = {text: counter_query(text) for text in ('a{b="c"}', 'sum by (b) (a{c="d"})', "sum(rate(a[5m]))")}
    assert [query and query.promql for query in asked.values()] == [
        'sum(increase(a{b="c"}[{{.window}}]))',
        'sum by (b) (increase(a{c="d"}[{{.window}}]))',
        None,
    ]

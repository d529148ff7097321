"""The PromQL that is asked, as text."""

import pytest

from costwatch.slo.asking import factor_of, promql_of, question
from costwatch.slo.objectives import Form, Indicator, Query


def asked(promql: str, seconds: int = 300, form: Form = Form.COUNTER, *, with_births: bool = True) -> str:
    """In one line."""
    query = Query(promql, form, is_rate="rate(" in promql)
    text = " ".join(promql_of(query, seconds, with_births=with_births).split())
    return text.replace("( ", "(").replace(" )", ")")


def test_a_series_counts_what_it_grew_by_since_its_last_sample_before_the_span() -> None:
    assert asked("sum(increase(m[{{.window}}]))", with_births=False) == (
        "sum(((((m) - (m offset 5m)) and present_over_time(m[4m59s999ms]) unless (resets(m[10m]) > 0))"
        " or rate(m[5m1ms]) * 300))"
    )


def test_one_that_is_new_counts_from_0_where_its_target_was_scraped() -> None:
    text = asked("sum(increase(m[{{.window}}]))").replace("( ", "(")
    resumed, was_scraped = (
        "(m) - last_over_time(m[1h] offset 5m) >= 0",
        "on (job, instance) (up offset 5m == 1)",
    )
    born = f"(({resumed}) or ((m) and {was_scraped})) unless (m offset 5m)"
    assert born.replace("(", "") in text.replace("(", "")


def test_only_targets_that_a_selector_names_are_looked_at() -> None:
    text = asked('sum(rate(m{job=~"a\\\\d\\"",instance!="i",code="5"}[{{.window}}]))')
    assert 'up{instance!="i",job=~"a\\\\d\\""} offset 5m == 1' in text


def test_rates_stay_rates() -> None:
    text = asked("sum(rate(m[{{.window}}]))", with_births=False)
    assert "/ 300 or rate(m[5m1ms])" in text
    assert factor_of(Query("", Form.COUNTER, is_rate=True), 300) == 300
    assert factor_of(Query("", Form.COUNTER), 300) == 1


@pytest.mark.parametrize(
    ("promql", "parts"),
    {
        "a matcher with quotes and backslashes": (
            'sum(rate(m{a="x  \\"y\\\\z"}[{{.window}}]))',
            ('(m{a="x \\"y\\\\z"} offset 5m)',),
        ),
        "an offset of its own": (
            "sum(rate(m[{{.window}}] offset 1h))",
            ("(m offset 1h)", "(m offset 1h5m)", "(up offset 1h5m == 1)", "[10m] offset 1h"),
        ),
        "an offset into the future": (
            "sum(rate(m[{{.window}}] offset -5m))",
            ("(m offset -5m)", "(up == 1)"),
        ),
        "or vector(0)": ("sum(rate(m[{{.window}}])) or vector(0)", (" or vector(0)",)),
        "a grouping": ("sum by (host) (rate(m[{{.window}}]))", ("sum by (host) (",)),
        "a difference": (
            "clamp_min(sum(rate(c[{{.window}}])) - sum(rate(b[{{.window}}])), 0)",
            ("clamp_min(", "(c offset 5m)", "(b offset 5m)", ", 0)"),
        ),
        "a range of its own": (
            "sum(rate(m[{{.window}}])) / sum(rate(n[5m]))",
            ("/ sum(rate(n[5m]))", "(m offset 5m)"),
        ),
    }.values(),
    ids=[
        "quotes and backslashes",
        "an offset",
        "an offset into the future",
        "or vector(0)",
        "a grouping",
        "a difference",
        "a range of its own",
    ],
)
def test_what_stands_around_stays(promql: str, parts: tuple[str, ...]) -> None:
    text = asked(promql)
    assert [part for part in parts if part not in text] == []


def test_no_traffic_is_not_left_out() -> None:
    plain = "sum by (host) (rate(m[{{.window}}]))"
    assert asked(f"{plain} > 0") == asked(plain)
    assert "> 0" in asked(f"sum(sum_over_time(({plain} > 0)[{{{{.window}}}}:1m]))", form=Form.GAUGE)


@pytest.mark.parametrize("default", ["or vector(0)", "OR on() vector(0)", "or (vector(0))"])
def test_a_total_that_is_missing_is_no_total_of_0(default: str) -> None:
    def asked_of(total: str) -> str:
        query = Query(f"({total} {default})", Form.COUNTER, is_rate=True)
        of_total, _, of_bad = question(Indicator(total=query, bad=query), 300).partition('"total"')
        assert "vector(0)" in of_bad, "no errors are 0 errors"
        return of_total

    assert "vector(0)" not in asked_of("sum(rate(m[{{.window}}]))")
    assert "vector(0)" in asked_of("(sum(rate(m[{{.window}}])) or vector(0)) + sum(rate(n[{{.window}}]))")


def test_samples_on_the_edge_of_two_spans_are_in_one_of_them() -> None:
    text = asked("sum(sum_over_time(up[{{.window}}])) / sum(count_over_time((a > 1)[{{.window}}:1m]))")
    assert text == "sum(sum_over_time(up[4m59s999ms])) / sum(count_over_time((a > 1)[4m59s999ms:1m]))"


def test_what_looks_at_both_edges_gets_both() -> None:
    assert asked("sum(delta(g[{{.window}}]))", form=Form.OTHER) == "sum(delta(g[5m1ms]))"


def test_sides_and_spans_are_told_apart_by_labels() -> None:
    indicator = Indicator(total=Query("t", Form.OTHER), bad=Query("b", Form.OTHER))
    sides = [
        f'label_replace(label_replace({query}, "costwatch_side", "{side}", "", ""), '
        '"costwatch_span", "60", "", "")'
        for query, side in (("t", "total"), ("b", "bad"))
    ]
    assert question(indicator, 60, span="60").split("\nor\n") == sides


def test_what_is_no_promql_is_refused() -> None:
    with pytest.raises(ValueError, match=r"invalid|unexpected|unclosed"):
        asked("sum(rate(m[{{.window}}])")

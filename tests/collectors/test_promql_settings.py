"""What ``measures:`` of kind ``promql`` may say, and what is said of mistakes, by file and line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.measures.placeholders import filled
from collectors.measures.presets import presets
from collectors.measures.queries import QueryMeasure
from costwatch.config import check


def mistakes(tmp_path: Path, measures: str) -> list[str]:
    file = tmp_path / "costwatch.yaml"
    file.write_text(
        f"sources:\n  - name: p\n    kind: promql\n    url: http://p:9090\n    measures:\n{measures}\n"
    )
    (tmp_path / "alerts.yaml").write_text("")
    found = [text.replace(f"{file}:", "") for text in check(file)]
    return [text for text in found if "alerts.yaml" not in text]


MISTAKES = {
    "a preset that does not exist": (
        "      - {preset: kafka_lag}\n      - name: x\n        preset: mysql_tme",
        "8: preset 'mysql_tme' does not exist; did you mean 'mysql_time'?",
    ),
    "a parameter that the preset does not have": (
        "      - {preset: vllm_tokens, parameters: {kk: 3}}",
        "6: parameters: 'kk' is none of the query's; did you mean 'k'?",
    ),
    "a parameter that is no number": (
        "      - {preset: vllm_tokens, parameters: {k: '3) or vector(1'}}",
        "6: parameters: 'k' must be a number or a name; the query has it outside quotes",
    ),
    "a parameter of a query without any": (
        "      - {name: x, query: 'sum(x)', parameters: {k: 3}}",
        "6: parameters: 'k' is none of the query's; leave it out",
    ),
    "a placeholder that does not exist": (
        "      - name: x\n        query: increase(x_total[$windw])",
        "7: query: $windw is no placeholder; did you mean '$window'?",
    ),
    "a placeholder of Grafana": (
        "      - {name: x, query: 'rate(x_total[$__rate_interval])'}",
        "6: query: $__rate_interval is no placeholder; there is $gauge_window, $match, $window, "
        "$window_seconds",
    ),
    "a range that would count hours several times": (
        "      - {name: x, query: 'increase(x_total[1d])'}",
        "6: query: [1d] is longer than the hour that is asked for, so that time would count several times; "
        "write [$window]",
    ),
    "a match that the query does not place": (
        "      - {name: x, query: 'sum(x)', match: {a: b}}",
        "6: match: the query does not say where; write $match between the braces of each metric",
    ),
    "a match by what is no label": (
        "      - {preset: kafka_lag, match: {'a b': c}}",
        "6: 'a b' must be a label of Prometheus: letters, digits and _",
    ),
    "neither a query nor a preset": (
        "      - {name: x, unit: s}",
        "6: 'query' is missing here; add it, or name a preset",
    ),
    "no name": ("      - {query: sum(x)}", "6: 'name' is missing here; add it, or name a preset"),
    "two measures of one name": (
        "      - {preset: kafka_lag}\n      - {preset: kafka_lag, match: {a: b}}",
        "5: 'measures': two measures are called kafka_lag; call one otherwise",
    ),
    "a key that does not exist": (
        "      - {preset: kafka_lag, querry: x}",
        "6: unknown key 'querry'; did you mean 'query'?",
    ),
}


@pytest.mark.parametrize(("measures", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_by_file_and_line(measures: str, told: str, tmp_path: Path) -> None:
    assert mistakes(tmp_path, measures) == [told]


def measure(**given: Any) -> QueryMeasure:
    return QueryMeasure.model_validate(given)


def test_what_stands_beside_a_preset_takes_the_place_of_its_own() -> None:
    plain = measure(preset="vllm_tokens")
    assert (plain.name, plain.unit, plain.parameters) == ("vllm_tokens", "tokens", {"k": "4"})
    dear = measure(preset="vllm_tokens", name="tokens", parameters={"k": "5"}, match={"cluster": "prod"})
    assert dear.promql == (
        'sum by (model_name) (increase(vllm:prompt_tokens_total{cluster="prod"}[1h]))'
        ' + 5 * sum by (model_name) (increase(vllm:generation_tokens_total{cluster="prod"}[1h]))'
    )
    own = measure(preset="vllm_tokens", query="sum(x)")
    assert (own.name, own.unit, own.promql) == ("vllm_tokens", "tokens", "sum(x)")


@pytest.mark.parametrize("name", presets())
def test_match_stands_in_each_selector_of_a_preset(name: str) -> None:
    matched = measure(preset=name, match={"cluster": "prod"}).promql
    assert matched.count('cluster="prod"}') == matched.count("{") == presets()[name].query.count("$match}")
    assert "{}" in measure(preset=name).promql or ", }" not in measure(preset=name).promql


FILLED = {
    "a comma goes where nothing is to be matched": ("x{a='b', $match}", {}, {}, "x{a='b'}"),
    "a comma stays where something is": ("x{a='b',$match}", {"c": "d"}, {}, "x{a='b',c=\"d\"}"),
    "all three windows": (
        "a[$window] b[$gauge_window] $window_seconds",
        {},
        {},
        "a[1h] b[59m59s999ms] 3600",
    ),
    "what stands in a string is no placeholder": (
        'label_replace(x, "a", "$1$window", "b", "(.*)$")',
        {},
        {},
        'label_replace(x, "a", "$1$window", "b", "(.*)$")',
    ),
    "a parameter in a string is escaped for it": (
        "x{a=~\"$p\",b='$p'}",
        {},
        {"p": "a\"b'c\\"},
        "x{a=~\"a\\\"b'c\\\\\",b='a\"b\\'c\\\\'}",
    ),
    "what is put in is not looked at again": ("x{$match}", {"a": "$window"}, {}, 'x{a="$window"}'),
    "a remark stays a remark": ("x # don't $know\n + $k", {}, {"k": "2"}, "x # don't $know\n + 2"),
}


@pytest.mark.parametrize(("query", "match", "parameters", "asked"), FILLED.values(), ids=FILLED)
def test_what_stands_for_something_is_replaced(
    query: str, match: dict[str, str], parameters: dict[str, str], asked: str
) -> None:
    assert filled(query, match, parameters) == asked


def read_back(text: str) -> str:
    """A string of PromQL, by a reader of its own."""
    found, rest = "", text[1:-1]
    while rest:
        if rest[0] == "\\":
            found, rest = found + {"n": "\n"}.get(rest[1], rest[1]), rest[2:]
        else:
            assert rest[0] not in ('"', "\n")
            found, rest = found + rest[0], rest[1:]
    return found


@given(st.text())
def test_no_value_leaves_its_string(value: str) -> None:
    for asked in (filled('x{a="$p"}', {}, {"p": value}), filled("x{$match}", {"a": value}, {})):
        assert asked.startswith('x{a="')
        assert asked.endswith('"}')
        assert read_back(asked[4:-1]) == value

"""Tests of rules that can prove nothing: they name rules, labels and queries that are not there."""

from collections.abc import Iterator, Sequence

from costwatch.alerts.rule_tests import COST
from costwatch.config.consistency import named_once
from costwatch.config.names import Names
from costwatch.config.quote import instead, quoted
from costwatch.config.selections import nothing_called
from costwatch.config.teams import named
from costwatch.config.tree import Node, Place, Tree
from costwatch.errors import CostwatchError
from costwatch.model import METRICS
from costwatch.plugins import Rule, alert_labels_of, fact_query, queries_of

Found = Iterator[tuple[int, str]]  # line, sentence

_OF_SERIES = ("from", "values", "step")
_SQL = "sql"


def check_tests(tree: Tree, rules: Sequence[Rule], names: Names) -> Found:
    """Across ``tests``: what they name, against the rules and what ``costwatch.yaml`` names."""
    yield from named_once(tree, "tests")
    known = [name for _, name in named(tree, "rules")]
    by_name = {rule.name: rule for rule in rules}
    for place, _ in tree.entries(("tests",)):
        for here, expected in tree.entries((*place, "expect")):
            name = expected.get("rule")
            if isinstance(name, str) and name not in known:
                line = tree.value_line((*here, "rule"))
                yield line, f"no rule is called {quoted(name)}{instead(name, known)}"
            elif isinstance(name, str) and name in by_name:
                yield from _labels_can_be(tree, (*here, "labels"), by_name[name], names)
        data = tree.at((*place, "data"))
        for query in data if isinstance(data, dict) else ():
            for here, series in tree.entries((*place, "data", query)):
                yield from _series_can_be(tree, here, query, series, rules, names)


def _labels_can_be(tree: Tree, place: Place, rule: Rule, names: Names) -> Found:
    known, given = alert_labels_of(rule), tree.at(place)
    for label, value in given.items() if isinstance(given, dict) else ():
        if known is not None and label not in known:
            guess = instead(label, known)
            yield tree.line((*place, label)), f"no alert of this rule has a label {quoted(label)}{guess}"
        elif isinstance(value, str) and label in ("rule", "severity"):
            is_own = value == rule.name if label == "rule" else value in ("page", "ticket", "info")
            if not is_own:
                yield tree.value_line((*place, label)), nothing_called(label, value, [str(rule.severity)])
        elif isinstance(value, str):
            yield from _value_can_be(tree, (*place, label), label, value, names.of_alerts.get(label, ()))


def _series_can_be(
    tree: Tree, place: Place, query: str, series: dict[str, Node], rules: Sequence[Rule], names: Names
) -> Found:
    labels = [label for label in series if label not in (*_OF_SERIES, "currency")]
    if query == _SQL:
        yield from _has_a_statement(tree, place, rules)
        return
    name = METRICS[0] if query == COST else query
    try:
        fact_query(name, (), queries_of(rules))
    except (ValueError, CostwatchError) as error:
        yield tree.line(place[:-1]), f"{error}, or {COST}"
        return
    for label in labels:
        here = (*place, label)
        try:
            fact_query(name, [label], queries_of(rules), names.dimensions)
        except (ValueError, CostwatchError) as error:
            yield tree.line(here), str(error)
        else:
            if isinstance(value := series[label], str):
                known = names.values.get(name, {}).get(label, ())
                yield from _value_can_be(tree, here, label, value, known)


def _has_a_statement(tree: Tree, place: Place, rules: Sequence[Rule]) -> Found:
    name, known = tree.at((*place, "rule")), [rule.name for rule in rules if getattr(rule, "statements", ())]
    if name not in known:
        what = f"no rule of kind sql is called {quoted(name)}" if name else "'rule' is missing here"
        yield tree.line((*place, "rule")), f"{what}{instead(str(name or ''), known)}"


def _value_can_be(tree: Tree, place: Place, label: str, value: str, known: Sequence[str]) -> Found:
    if known and value not in known:
        yield tree.value_line(place), nothing_called(label, value, known)

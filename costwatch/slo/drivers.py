"""What bad events are told apart by: the PromQL that asks for it, and the parts that it answers. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from costwatch.model import Driver, Labels
from costwatch.slo.objectives import WINDOW, Form, Indicator, Objective, Query

_TOP = 5
_BOUND = ("le", "__name__")  # tell buckets and metrics apart, not events
REST = (("", "the rest"),)  # of no label


def error_ratio(indicator: Indicator) -> str:
    """PromQL of the share that is bad, over ``{{.window}}``; for people to look at."""
    if indicator.total is None:
        return indicator.bad.promql if indicator.bad else ""
    if indicator.bad is not None:
        return f"({indicator.bad.promql}\n)\n/\n({indicator.total.promql}\n)"  # it may end in a comment
    good = indicator.good.promql if indicator.good else "vector(0)"
    return f"1 - (\n({good}\n)\n/\n({indicator.total.promql}\n)\n)"


def own_labels(promql: str) -> tuple[str, ...]:
    """The labels that its selectors choose by, in their order: those that leave a choice, or else all."""
    chosen: dict[str, bool] = {}
    for matcher in _matchers(_parsed(promql)) if promql else ():
        is_open = str(matcher.op) != "MatchOp.Equal"
        chosen[matcher.name] = chosen.get(matcher.name, False) or is_open
    names = [name for name in chosen if name not in _BOUND]
    return tuple(name for name in names if chosen[name]) or tuple(names)


def bad_by(objective: Objective, labels: Iterable[str], window: timedelta) -> str:
    """PromQL of the bad events of ``window`` by the labels of its instances and ``labels``.

    Raises ValueError where they cannot be told apart: what counts no events, or asks for no sum.
    """
    of = objective.indicator
    if objective.unit != "events" or of.total is None:
        raise ValueError("it counts no events")
    by = tuple(dict.fromkeys((*objective.grouping, *labels)))
    if of.bad is not None:
        return _summed(of.bad, by, window)
    if of.good is None:
        raise ValueError("it says neither what is good nor what is bad")
    total, good = _summed(of.total, by, window), _summed(of.good, by, window)
    return f"({total}) - (({good}) or 0 * ({total}))"


def split(asked: Mapping[Labels, float], bad: Decimal) -> tuple[Driver, ...]:
    """The five largest parts and the rest, which sum up to ``bad`` exactly: parts as they were asked, in
    proportion.

    Empty where nothing bad was answered.
    """
    found = {key: value for key, value in asked.items() if value > 0}
    whole = sum(found.values())
    if whole <= 0 or bad <= 0:
        return ()
    ranked = sorted(found, key=lambda key: (-found[key], key))
    shares = [Decimal(str(found[key] / whole)) for key in ranked]
    digits = 0 if bad == bad.to_integral_value() else 1
    parts = [Driver(key, round(bad * part, digits)) for key, part in zip(ranked[:_TOP], shares, strict=False)]
    rest = bad - sum((part.amount for part in parts), Decimal())
    if len(ranked) > _TOP:
        return (*parts, Driver(REST, rest))
    last = parts[0]  # what was rounded away
    return (Driver(last.labels, last.amount + rest), *parts[1:])


def _summed(query: Query, by: tuple[str, ...], window: timedelta) -> str:
    if query.form not in (Form.COUNTER, Form.GAUGE):
        raise ValueError("it counts no events")
    seconds = round(window.total_seconds())
    told = _regrouped(_parsed(query.promql, seconds), by)
    return f"({told}) * {seconds}" if query.is_rate else told


def _regrouped(node: Any, by: tuple[str, ...]) -> str:
    """The same, summed by these labels."""
    match type(node).__name__:
        case "AggregateExpr" if str(node.op) == "sum":
            return f"sum by ({', '.join(by)}) ({_text(node.expr)})"
        case "ParenExpr":
            return f"({_regrouped(node.expr, by)})"
        case "Call" if node.func.name in ("clamp_min", "clamp_max"):
            return f"{node.func.name}({_regrouped(node.args[0], by)}, {_text(node.args[1])})"
        case "BinaryExpr" if str(node.op) in ("+", "-"):
            left, right = _regrouped(node.lhs, by), _regrouped(node.rhs, by)
            # What has no series on one side would be left out.
            return f"({left}) {node.op} (({right}) or 0 * ({left}))"
        case "BinaryExpr" if str(node.op) == "or":
            return _regrouped(node.lhs, by)
        case "BinaryExpr" if str(node.op) == "*" and type(node.rhs).__name__ == "NumberLiteral":
            return f"({_regrouped(node.lhs, by)}) * {_text(node.rhs)}"
    raise ValueError("its query is no sum")


def _text(node: Any) -> str:
    text: str = node.prettify()
    return text


def _parsed(promql: str, seconds: int = 300) -> Any:
    import promql_parser

    return promql_parser.parse(promql.replace(WINDOW, f"{seconds}s"))


def _matchers(node: Any) -> Iterable[Any]:
    """Those of every selector in a query."""
    match type(node).__name__:
        case "VectorSelector":
            yield from node.matchers.matchers
        case "MatrixSelector":
            yield from _matchers(node.vector_selector)
        case "Call":
            for argument in node.args:
                yield from _matchers(argument)
        case "BinaryExpr":
            yield from _matchers(node.lhs)
            yield from _matchers(node.rhs)
        case "AggregateExpr" | "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            yield from _matchers(node.expr)

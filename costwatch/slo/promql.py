"""Queries of SLIs: whether they are PromQL, what they count, and how a file's selectors become one."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from costwatch.slo.objectives import WINDOW, Form, Query

# A Go template's variable, with the blanks and the marks that trim them.
_WINDOW = re.compile(r"\{\{(?:-\s)?\s*\.window\s*(?:\s-)?\}\}")
_TEMPLATE = re.compile(r"\{\{(?!\.window\}\}).*?\}\}", re.DOTALL)
# Stands for the window while a query is parsed: long and odd, so that no query has it of its own.
_STAND_IN, _STAND_IN_TEXT = timedelta(milliseconds=7919009), "7919009ms"
_LONGEST_FIXED = timedelta(hours=1)
# The parser is recursive, and ends the program where what it reads is nested too deeply.
_MOST_CHARACTERS, _MOST_NESTED = 10_000, 200
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`")
_NESTS = re.compile(r"[-+*/%^(\[<>]|[=!]=|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_LE = re.compile(r'\ble\s*=\s*(["\'])(\d+(?:\.0+)?)\1')
_UNKNOWN_FUNCTION = re.compile(r"unknown function with name '(\w+)'")
_KEEP_VALUES = ("clamp_min", "label_replace", "label_join", "histogram_count")


def query_of(text: str, *, needs_window: bool = True) -> Query:
    """What a file asks, where ``{{.window}}``, as Go templates write it, stands for the range.

    A bucket's ``le`` is compared as a number: ``5`` and ``5.0`` are one, as Prometheus 2 and 3 write it.
    needs_window: whether a query whose ranges are all fixed is refused; it is asked as it is otherwise.
    Raises ValueError: ``what is wrong; what to do``.
    """
    promql = _WINDOW.sub(WINDOW, text).strip()
    if unknown := _TEMPLATE.search(promql):
        raise ValueError(f"holds {unknown[0][:40]}, which nothing fills in; only {WINDOW} is")
    promql = _LE.sub(_either_spelling, promql)
    found = _parsed(promql.replace(WINDOW, _STAND_IN_TEXT))
    if WINDOW in promql:
        form, is_rate = _form(found)
    elif needs_window:
        raise ValueError(f"has no {WINDOW}; write it in place of the range, as in [{WINDOW}]")
    else:
        _check_fixed(found)
        form, is_rate = Form.OTHER, False
    if form is Form.COUNTER:
        _check_buckets(found)
    return Query(promql, form, is_rate)


def selector_of(text: str) -> str:
    """A selector of series, such as ``http_requests_total{code="500"}``. Raises ValueError if it is none."""
    found = _parsed(text.strip())
    if _kind(found) != "VectorSelector" or found.offset or found.at:
        raise ValueError("is no plain selector; write one like http_requests_total{code='500'}")
    return _LE.sub(_either_spelling, text.strip())


def is_selector(text: str) -> bool:
    """Whether a query is nothing but one."""
    try:
        return bool(selector_of(text))
    except ValueError:
        return False


def bucket_of(text: str) -> str:
    """A selector of one bucket of a histogram. Raises ValueError unless it has one ``le``, a number."""
    selector = selector_of(text)
    bounds = [each for each in _parsed(text.strip()).matchers.matchers if each.name == "le"]
    if len(bounds) != 1 or str(bounds[0].op) != "MatchOp.Equal" or not _is_number(bounds[0].value):
        raise ValueError("must name one bucket, whose bound is a number; write it like le='0.5'")
    return selector


def counted(selector: str, by: Iterable[str] = (), function: str = "increase") -> Query:
    """What the series of a selector come to in the window, told apart by labels."""
    return query_of(summed(selector, by, function))


def counter_query(text: str) -> Query | None:
    """How much the series of a selector, or of a sum of one, grew; None where it is neither.

    A sum of counters is no counter, for it falls when one of its series ends: each is counted first.
    """
    found = _parsed(text.strip())
    if _kind(found) == "VectorSelector":
        return counted(selector_of(text))
    if _kind(found) == "AggregateExpr" and str(found.op) == "sum" and _kind(found.expr) == "VectorSelector":
        selector = found.expr.prettify()
        return query_of(found.prettify().replace(selector, f"increase({selector}[{WINDOW}])", 1))
    return None


def with_zero(query: Query) -> str:
    """The PromQL of a query, with what it leaves out for being 0: nothing happened then, which is known."""
    if query.form is not Form.COUNTER:
        return query.promql
    import promql_parser

    def known(node: Any) -> Any:
        return node.lhs if _leaves_out_zero(node) else None

    whole = promql_parser.transform(_parsed(query.promql.replace(WINDOW, _STAND_IN_TEXT)), post_visit=known)
    return _text_of(whole)


def without_default(query: Query) -> Query:
    """The same without ``or vector(0)`` around it: where no series is, nobody counted."""
    node = found = _parsed(query.promql.replace(WINDOW, _STAND_IN_TEXT))
    while (kind := _kind(node)) == "ParenExpr" or (kind == "BinaryExpr" and _is_or_zero(node)):
        node = node.expr if kind == "ParenExpr" else node.lhs
    return query if node is found else replace(query, promql=_text_of(node))


def summed(selector: str, by: Iterable[str], function: str) -> str:
    """The PromQL of it."""
    labels = ", ".join(by)
    return f"sum{f' by ({labels}) ' if labels else ''}({function}({selector}[{WINDOW}]))"


def grouping_of(query: Query) -> tuple[str, ...]:
    """The labels by which a query's outermost sum tells series apart; () where it does not say."""
    node: Any = _parsed(query.promql.replace(WINDOW, _STAND_IN_TEXT))
    while True:
        kind = _kind(node)
        if kind == "AggregateExpr":
            by = node.modifier
            return tuple(by.labels) if by and str(by.type) == "AggModifierType.By" else ()
        if kind == "BinaryExpr":
            node = node.rhs if _kind(node.lhs) == "NumberLiteral" else node.lhs
        elif kind in ("ParenExpr", "UnaryExpr", "SubqueryExpr"):
            node = node.expr
        elif kind == "Call" and node.args:
            node = node.args[-1] if node.func.name == "histogram_fraction" else node.args[0]
        else:
            return ()


def _text_of(node: Any) -> str:
    import promql_parser

    return str(node.prettify()).replace(str(promql_parser.display_duration(_STAND_IN)), WINDOW)


def _is_or_zero(node: Any) -> bool:
    right = node.rhs
    while _kind(right) == "ParenExpr":
        right = right.expr
    return (
        str(node.op) == "or"
        and _kind(right) == "Call"
        and right.func.name == "vector"
        and getattr(right.args[0], "val", None) == 0
    )


def _parsed(promql: str) -> Any:
    import promql_parser

    if len(promql) > _MOST_CHARACTERS or len(_NESTS.findall(_TEXT.sub("", promql))) > _MOST_NESTED:
        raise ValueError("is too long to be understood; let a rule of Prometheus record a part of it")
    try:
        found = promql_parser.parse(promql)
    except ValueError as error:
        message = str(error).replace(_STAND_IN_TEXT, WINDOW)
        if unknown := _UNKNOWN_FUNCTION.fullmatch(message):
            raise ValueError(
                f"asks for '{unknown[1]}', which is no function of Prometheus, but perhaps of MetricsQL; "
                "write it in PromQL"
            ) from None
        raise ValueError(f"is no PromQL ({message}); correct it") from None
    if _kind(found) in ("NumberLiteral", "StringLiteral"):
        raise ValueError("selects no series; write a query of some")
    return found


def _form(node: Any) -> tuple[Form, bool]:
    found = _counts(node)
    if found in ("rate", "increase"):
        return Form.COUNTER, found == "rate"
    return (Form.GAUGE if found == "gauge" else Form.OTHER), False


def _counts(node: Any) -> str:
    """``rate``, ``increase`` or ``gauge`` of the window, ``number`` for a constant, else ``other``."""
    match _kind(node):
        case "NumberLiteral":
            return "number"
        case "ParenExpr" | "UnaryExpr":
            return _counts(node.expr)
        case "AggregateExpr":
            return _counts(node.expr) if str(node.op) == "sum" else "other"
        case "Call":
            return _of_call(node.func.name, node.args)
        case "BinaryExpr":
            return _counts(node.lhs) if _leaves_out_zero(node) else _of_operation(node)
    return "other"


def _of_call(name: str, arguments: list[Any]) -> str:
    if name in _KEEP_VALUES:
        return _counts(arguments[0])
    if name == "histogram_fraction":  # a share of what its histogram counts, by which that is multiplied
        return f"share of {_counts(arguments[2])}"
    if name == "vector":
        return "number" if _kind(arguments[0]) == "NumberLiteral" else "other"
    if not arguments or getattr(arguments[-1], "range", None) != _STAND_IN:
        return "other"
    if name in ("rate", "increase"):
        return name if _kind(arguments[0]) == "MatrixSelector" else "other"
    return "gauge" if name.endswith("_over_time") else "other"


def _leaves_out_zero(node: Any) -> bool:
    """Whether growth is compared with 0, as where a ratio must not divide by it."""
    return (
        _kind(node) == "BinaryExpr"
        and str(node.op) in (">", ">=", "!=")
        and not (node.modifier and node.modifier.return_bool)
        and _kind(node.rhs) == "NumberLiteral"
        and node.rhs.val == 0
        and _counts(node.lhs) in ("rate", "increase")
    )


def _of_operation(node: Any) -> str:
    operator, one, other = str(node.op), _counts(node.lhs), _counts(node.rhs)
    if operator in ("+", "-") and one == other and one != "number":
        return one
    if operator == "or" and other in (one, "number"):
        return one
    if operator in ("*", "/") and other == "number":
        return one
    if operator == "*" and (one == "number" or other == f"share of {one}"):
        return other if one == "number" else one
    # Of samples those count that the other side has, too: a node old enough, for one.
    return one if operator in ("and", "unless") and one == "gauge" else "other"


def _check_fixed(node: Any) -> None:
    """Of a query without the window: its ranges are short beside what it is weighed by."""
    for each in _nodes(node):
        span = getattr(each, "range", None)
        if span is not None and span > _LONGEST_FIXED:
            raise ValueError(
                f"has a fixed range of {span}, and is asked every five minutes; write {WINDOW} in its place"
            )


def _check_buckets(node: Any) -> None:
    for each in _nodes(node):
        if _kind(each) == "VectorSelector" and str(each.name or "").endswith("_bucket"):
            bounds = [one for one in each.matchers.matchers if one.name == "le"]
            if len(bounds) != 1:
                raise ValueError(
                    f"sums buckets of {each.name} of all bounds, each of which holds the smaller ones; "
                    "name one, such as le='0.5'"
                )


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        if (below := getattr(node, name, None)) is not None:
            yield from _nodes(below)
    for argument in getattr(node, "args", ()):
        yield from _nodes(argument)


def _kind(node: Any) -> str:
    return type(node).__name__


def _either_spelling(bound: re.Match[str]) -> str:
    """``le="5"`` as both spellings of the number."""
    whole = int(bound[2].partition(".")[0])
    return f"le=~{bound[1]}{whole}|{whole}[.]0{bound[1]}"


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False

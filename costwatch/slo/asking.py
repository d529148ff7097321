"""The PromQL that an SLI is asked by: for a bucket, a slice or a short window of it.

Counters (rate, increase) are asked for a millisecond more than the span, so that the samples on both of its edges
are in, however a server understands ranges; what they grew by is a rate times the span, so that the millisecond
costs nothing. A series that is born inside the span counts from 0, where its target was scraped when the span
began: increase() knows nothing of a first sample (https://github.com/prometheus/prometheus/issues/3886).
Samples that are added up (``*_over_time``) are asked for a millisecond less, so that one on the edge of two spans
is in one of them.
"""

import re
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from costwatch.slo.objectives import WINDOW, Form, Indicator, Query

if TYPE_CHECKING:
    from promql_parser import Expr

SIDE, SPAN = "costwatch_side", "costwatch_span"  # labels by which the parts of one answer are told apart
_MARK_MILLISECONDS = 7  # over the span: tells its ranges from those that a query has of its own
_OF_EDGES = ("irate", "delta", "idelta", "deriv", "changes", "resets", "predict_linear")
_OFFSET = re.compile(r"\s+offset\s+-?\w+$")
_NAMES = ("total", "good", "bad")


@lru_cache(20_000)
def promql_of(query: Query, seconds: int, *, range_seconds: int = 0, with_births: bool = True) -> str:
    """What ``query`` is asked by for a span of so many seconds that ends when it is evaluated.

    range_seconds: what counters are looked at over, where that is more than the span. with_births: whether
    series that are born inside the span count from 0. Raises ValueError for what is no PromQL.
    """
    import promql_parser

    mark = f"{seconds * 1000 + _MARK_MILLISECONDS}ms"
    parsed: Any = promql_parser.parse(query.promql.replace(WINDOW, mark))
    counters = _Counters(seconds, max(seconds, range_seconds), with_births)
    rewritten = promql_parser.transform(parsed, post_visit=counters.rewritten).prettify()
    return rewritten.replace(_text(seconds * 1000 + _MARK_MILLISECONDS), _text(seconds * 1000 - 1))


def factor_of(query: Query, seconds: int) -> float:
    """What an answer to ``promql_of`` is multiplied by to be that of the span (research: events, or weight)."""
    return float(seconds) if query.is_rate or query.form in (Form.OTHER, Form.RATIO) else 1.0


def sides_of(indicator: Indicator) -> dict[str, Query]:
    """Its queries by what they count: total, and one of good and bad."""
    found = ((name, getattr(indicator, name)) for name in _NAMES)
    return {name: query for name, query in found if query}


def question(
    indicator: Indicator, seconds: int, *, range_seconds: int = 0, with_births: bool = True, span: str = ""
) -> str:
    """All sides in one query, told apart by the label ``SIDE``, and by ``SPAN`` where that is given."""
    return "\nor\n".join(
        _labelled(
            _labelled(
                promql_of(query, seconds, range_seconds=range_seconds, with_births=with_births), SIDE, name
            ),
            SPAN,
            span,
        )
        for name, query in sides_of(indicator).items()
    )


def interval_question(indicator: Indicator, seconds: int) -> str | None:
    """How many samples a series has in so many seconds at most; None where no counter is asked for."""
    import promql_parser

    for query in sides_of(indicator).values():
        mark = seconds * 1000 + _MARK_MILLISECONDS
        found: list[str] = []

        def note(node: Any, mark: int = mark, found: list[str] = found) -> None:
            if _is_counter(node, ("rate", "increase"), mark):
                found.append(node.args[0].prettify())

        promql_parser.walk(promql_parser.parse(query.promql.replace(WINDOW, f"{mark}ms")), pre_visit=note)
        if found:
            return f"max(count_over_time({found[0]}))"
    return None


def _labelled(promql: str, label: str, value: str) -> str:
    return f'label_replace({promql}, "{label}", "{value}", "", "")' if value else promql


class _Counters:
    """rate() and increase() over the span, as they are asked for."""

    def __init__(self, seconds: int, range_seconds: int, with_births: bool) -> None:
        self.seconds, self.with_births = seconds, with_births
        self.mark = seconds * 1000 + _MARK_MILLISECONDS
        self.range = _text(range_seconds * 1000 + 1)

    def rewritten(self, node: Any) -> "Expr | None":
        """What stands for a node; None: itself."""
        import promql_parser

        if _is_counter(node, ("rate", "increase"), self.mark):
            return promql_parser.parse(self._grown(node))  # type: ignore[no-any-return]
        if isinstance(node, promql_parser.Call) and node.func.name in _OF_EDGES:
            return promql_parser.parse(  # type: ignore[no-any-return]
                node.prettify().replace(_text(self.mark), self.range)
            )
        return None

    def _grown(self, node: Any) -> str:
        is_rate = node.func.name == "rate"
        samples = node.args[0].prettify().replace(f"[{_text(self.mark)}]", f"[{self.range}]")
        grown = f"rate({samples})" if is_rate else f"rate({samples}) * {self.seconds}"
        selector = node.args[0].vector_selector
        if not self.with_births or selector.at is not None:
            return f"({grown})"
        born = self._born(selector)
        return f"({born} / {self.seconds} or {grown})" if is_rate else f"({born} or {grown})"

    def _born(self, selector: Any) -> str:
        """What series count that were not there when the span began, though their target was scraped."""
        text = selector.prettify()
        bare = _OFFSET.sub("", text) if selector.offset is not None else text
        before = self.seconds * 1000 + (
            round(selector.offset.total_seconds() * 1000) if selector.offset is not None else 0
        )
        then = f"offset {'-' if before < 0 else ''}{_text(abs(before))}" if before else ""
        return f"((({text}) unless ({bare} {then})) and on (job, instance) (up {then} == 1))"


def _is_counter(node: Any, names: tuple[str, ...], mark_milliseconds: int) -> bool:
    import promql_parser

    return (
        isinstance(node, promql_parser.Call)
        and node.func.name in names
        and isinstance(node.args[0], promql_parser.MatrixSelector)
        and round(node.args[0].range.total_seconds() * 1000) == mark_milliseconds
    )


def _text(milliseconds: int) -> str:
    """A duration as the parser writes it."""
    import promql_parser

    return str(promql_parser.display_duration(timedelta(milliseconds=milliseconds)))

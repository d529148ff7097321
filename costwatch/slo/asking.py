"""The PromQL that an SLI is asked by: for a bucket, a slice or a short window of it.

Within rate() and increase() of a span each series counts what it grew by from its last sample before the span
to its last one in it, so that the growths of spans that follow each other add up to that of all, wherever
scrapes fall. increase() of each would lose what happened between the last scrape of one and the first of the
next, and make up for it by extrapolation. It is asked only where a counter was reset, or is not known on both
edges; for a millisecond more than the span, so that samples on the edges are in, however a server understands
ranges.

A series that is born inside the span counts from 0, where its target was scraped when the span began:
increase() knows nothing of a first sample (https://github.com/prometheus/prometheus/issues/3886). One of a
target that is new itself may be old: it does not. One that was there within the hour before and is not lower
now counts what it grew by since, whether or not its target was scraped in between.

Samples that are added up (``*_over_time``) are asked for a millisecond less than the span, so that one on the
edge of two spans is in one of them.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from costwatch.slo.objectives import WINDOW, Form, Indicator, Query
from costwatch.slo.promql import with_zero, without_default

if TYPE_CHECKING:
    from promql_parser import Expr

SIDE, SPAN = "costwatch_side", "costwatch_span"  # labels by which the parts of one answer are told apart
_MARK = 7  # milliseconds over the span: tells its ranges from those that a query has of its own
_STALE = (
    300_000  # milliseconds: how old a sample may be that stands for now (Prometheus' query.lookback-delta)
)
_OF_EDGES = ("irate", "delta", "idelta", "deriv", "changes", "resets", "predict_linear")
_TARGET = ("job", "instance")
_OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
_OFFSET = re.compile(r"\s+offset\s+-?\w+$")


@lru_cache(20_000)
def promql_of(query: Query, seconds: int, *, with_births: bool = True) -> str:
    """What ``query`` is asked by for a span of so many seconds that ends when it is evaluated.

    with_births: whether series that are born inside the span count from 0. Raises ValueError for what is no
    PromQL.
    """
    import promql_parser

    span = _Span(seconds, with_births)
    parsed: Any = promql_parser.parse(with_zero(query).replace(WINDOW, f"{span.mark}ms"))
    rewritten = promql_parser.transform(parsed, post_visit=span.rewritten).prettify()
    return str(rewritten).replace(_text(span.mark), _text(span.milliseconds - 1))


def factor_of(query: Query, seconds: int) -> float:
    """What an answer to ``promql_of`` is multiplied by: to events, or by the seconds that it weighs."""
    return float(seconds) if query.is_rate or query.form in (Form.OTHER, Form.RATIO) else 1.0


@lru_cache(2_000)
def sides_of(indicator: Indicator) -> Mapping[str, Query]:
    """Its queries by what they count: total, and one of good and bad.

    Of total no ``or vector(0)``, which would make each gap an hour without events. Raises ValueError for what
    is no PromQL.
    """
    total = without_default(indicator.total) if indicator.total else None
    sides = {"total": total, "good": indicator.good, "bad": indicator.bad}
    return {name: query for name, query in sides.items() if query}


def question(indicator: Indicator, seconds: int, *, with_births: bool = True, span: str = "") -> str:
    """All sides in one query, told apart by the label ``SIDE``, and by ``SPAN`` where that is given."""
    parts = []
    for name, query in sides_of(indicator).items():
        labelled = _labelled(promql_of(query, seconds, with_births=with_births), SIDE, name)
        parts.append(_labelled(labelled, SPAN, span) if span else labelled)
    return "\nor\n".join(parts)


def _labelled(promql: str, label: str, value: str) -> str:
    return f'label_replace({promql}, "{label}", "{value}", "", "")'


class _Span:
    """rate() and increase() over a span, as they are asked for. mark: its range in milliseconds before."""

    def __init__(self, seconds: int, with_births: bool) -> None:
        self.seconds, self.with_births = seconds, with_births
        self.milliseconds = seconds * 1000
        self.mark = self.milliseconds + _MARK

    def rewritten(self, node: Any) -> "Expr | None":
        """What stands for a node; None: itself."""
        import promql_parser

        if not isinstance(node, promql_parser.Call):
            return None
        text = ""
        if self._is_growth(node):
            text = self._growth(node)
        elif node.func.name in _OF_EDGES:
            text = node.prettify().replace(_text(self.mark), _text(self.milliseconds + 1))
        return promql_parser.parse(text) if text else None

    def _is_growth(self, node: Any) -> bool:
        import promql_parser

        return (
            node.func.name in ("rate", "increase")
            and isinstance(node.args[0], promql_parser.MatrixSelector)
            and node.args[0].range == timedelta(milliseconds=self.mark)
        )

    def _growth(self, node: Any) -> str:
        selector = node.args[0].vector_selector
        samples, range_ = node.args[0].prettify(), f"[{_text(self.mark)}]"
        rate = f"rate({samples.replace(range_, f'[{_text(self.milliseconds + 1)}]')})"
        is_rate = node.func.name == "rate"
        if selector.at is not None:
            return f"({rate if is_rate else f'{rate} * {self.seconds}'})"
        edges = self._edges(selector)
        inside, wider = (
            samples.replace(range_, f"[{_text(self.milliseconds + more)}]") for more in (-1, _STALE)
        )
        # Where nothing was scraped in the span, a sample from before it stands for its end: nothing is known.
        is_known = f"present_over_time({inside})"
        grown = f"(({edges.now} - {edges.then}) and {is_known} unless (resets({wider}) > 0))"
        if self.with_births:
            grown = f"({edges.born} or {grown})"
        if is_rate:
            return f"({grown} / {self.seconds} or {rate})"
        return f"({grown} or {rate} * {self.seconds})"

    def _edges(self, selector: Any) -> "_Edges":
        text = selector.prettify()
        bare = _OFFSET.sub("", text) if selector.offset is not None else text
        ended = round(selector.offset.total_seconds() * 1000) if selector.offset is not None else 0
        began = ended + self.milliseconds
        offset = f" offset {'-' if began < 0 else ''}{_text(abs(began))}" if began else ""
        return _Edges(bare, f"({text})", offset, _up(selector))


class _Edges(NamedTuple):
    """A selector: as it is, as of the end of a span, and the offset with which it is as of its beginning.

    up: what says whether its targets were scraped.
    """

    bare: str
    now: str
    offset: str
    up: str

    @property
    def then(self) -> str:
        """As of the beginning."""
        return f"({self.bare}{self.offset})"

    @property
    def born(self) -> str:
        """What grew since it was last there; or is new since then, of targets that were scraped then."""
        resumed = f"({self.now} - last_over_time({self.bare}[1h]{self.offset}) >= 0)"
        was_scraped = f"on (job, instance) ({self.up}{self.offset} == 1)"
        return f"(({resumed} or ({self.now} and {was_scraped})) unless {self.then})"


def _up(selector: Any) -> str:
    """``up`` of the jobs and instances that it names: of thousands of targets the others would cost much."""
    matchers = selector.matchers
    named = [] if matchers.or_matchers else [each for each in matchers.matchers if each.name in _TARGET]
    pairs = ",".join(f"{each.name}{_OPERATORS[str(each.op)]}{_quoted(each.value)}" for each in named)
    return f"up{{{pairs}}}" if pairs else "up"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _text(milliseconds: int) -> str:
    """A duration as the parser writes it."""
    import promql_parser

    return str(promql_parser.display_duration(timedelta(milliseconds=milliseconds)))

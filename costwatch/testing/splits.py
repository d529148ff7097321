"""The suite for splits, and charges for them to weigh."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from hashlib import sha256
from itertools import product
from math import floor, isfinite
from typing import TYPE_CHECKING, Any

from costwatch.model import RESIDUALS, Window
from costwatch.plugins import KEY_COLUMNS, WINDOW_COLUMNS, Carried, Span, Split, Weighing, Weight, tags_text
from costwatch.plugins.settings import Settings
from costwatch.testing.settings import check_settings, require

if TYPE_CHECKING:
    import pyarrow as pa

_OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
_TEAMS = ("risk", "payments", "platform")
_AMOUNTS = (0, 1, -1, 7, -7, 1_250_000_000, -(10**18) - 3, 9 * 10**18)  # nano-units
_Rows = Sequence[Mapping[str, Any]]
Shares = Mapping[str, float]  # team -> its share of a span, below 0 only of residuals; no team: unmeasured
_Part = tuple[str, str]  # a team or residual, and the tags of its part


@dataclass(frozen=True)
class FakeBatches:
    """``plugins.Batches`` held in memory: table -> source and window -> rows. A version is of the content."""

    tables: Mapping[str, Mapping[tuple[str, Window], _Rows]] = field(default_factory=dict)

    def versions(self, table: str, window: Window) -> Mapping[tuple[str, Window], str]:
        """See ``plugins.Batches``."""
        found = self.tables.get(table, {}).items()
        return {
            key: sha256(json.dumps([*rows], default=str).encode()).hexdigest()
            for key, rows in found
            if key[1].overlaps(window)
        }

    def rows(self, table: str, window: Window, columns: Collection[str] = ()) -> "pa.Table":
        """See ``plugins.Batches``."""
        import pyarrow as pa

        found = pa.Table.from_pylist(
            [
                {"source": source, "window_start": its.start, "window_end": its.end, **row}
                for (source, its), rows in self.tables.get(table, {}).items()
                for row in rows
                if its.overlaps(window)
            ]
        )
        kept = [name for name in found.column_names if name in (*WINDOW_COLUMNS, *columns)]
        return found.select(kept) if columns else found


def a_weighing(*, keys: Sequence[tuple[str, ...]] = ((),), **changes: Any) -> Weighing:
    """Two days and the whole of October 2026 in USD and EUR, for three teams; any field can be given.

    keys: the values of the split's columns, each of which is a span of its own.
    """
    first, after = _OCTOBER
    second, third = first + timedelta(days=1), first + timedelta(days=2)
    days = [(first, second), (second, third), _OCTOBER]
    spans = [
        Span(number, *of_days, currency, key)
        for number, (of_days, currency, key) in enumerate(product(days, ("EUR", "USD"), keys))
    ]
    carried = [
        Carried(team, first, currency, (number + 1) * 10**10, (number + 1) * 10**9)
        for (number, team), currency in product(enumerate((*_TEAMS, *RESIDUALS)), ("EUR", "USD"))
    ]
    names = {team: [(date.min, team)] for team in _TEAMS}
    asked = Weighing(Window.of_days(first, after), spans, _TEAMS, FakeBatches(), carried, names)
    return replace(asked, **changes)


@dataclass(frozen=True)
class SplitExample:
    """What a split must give of ``asked``: of some spans, by number, the share of each team and residual."""

    asked: Weighing
    expected: Mapping[int, Shares]


def check_split(split: Split, examples: Sequence[SplitExample] = ()) -> None:
    """Whether ``split``, as a file would configure it, keeps the contract and gives what examples expect."""
    check_settings(split)
    _check_published(split)
    strange = sorted({*split.columns} - {*KEY_COLUMNS})
    require(not strange, f"lines cannot be told apart by {strange}; use {', '.join(KEY_COLUMNS)}")
    before = repr(split)
    nothing = a_weighing(keys=[tuple("" for _ in split.columns)], batches=FakeBatches(), carried=())
    for example in (SplitExample(nothing, {}), *examples):
        _check_inputs(split, example.asked)
        found = _weights(split, example.asked)
        require(_weights(split, example.asked) == found, "asked twice, it answered otherwise")
        spans, carried = example.asked.spans[::-1], example.asked.carried[::-1]
        found_backwards = _weights(split, replace(example.asked, spans=spans, carried=carried))
        require(found_backwards == found, "the order of spans or of what is carried changes weights")
        for span, weights in found.items():
            _check_conservation(span, weights)
        for span, expected in example.expected.items():
            shares = _shares(found.get(span, {}))
            is_same = shares.keys() == expected.keys() and all(
                abs(shares[team] - expected[team]) <= 1e-9 for team in expected
            )
            require(is_same, f"span {span} is shared {shares}, expected {dict(expected)}")
    require(repr(split) == before, "weighing changed the split")


def _check_published(split: Split) -> None:
    """Whether it can be read again from what is kept with a published period."""
    if isinstance(split, Settings):
        kept = split.model_dump_json(exclude_defaults=True)
        try:
            same = type(split).model_validate(json.loads(kept)) == split
        except ValueError:
            same = False
        require(same, f"{type(split).__name__} cannot be read again from its own JSON: {kept}")


def _check_inputs(split: Split, asked: Weighing) -> None:
    found = [*split.inputs(asked.period, asked.batches)]
    require([*split.inputs(asked.period, asked.batches)] == found, "asked twice, it named other inputs")
    for each in found:
        require(each.name, "an input has a name")
        require(each.window.start < each.window.end, f"input {each.name} measures nothing")


def _weights(split: Split, asked: Weighing) -> dict[int, dict[_Part, Fraction]]:
    """span -> team and tags -> the sum of its weights, those that count: a team's above 0."""
    known = {span.number for span in asked.spans}
    found: dict[int, dict[_Part, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for span, team, weight, *tags in _rows_of(split.weights(asked)):
        require(span in known, f"it weighs span {span}, which was not asked for")
        require(team in (*asked.teams, *RESIDUALS), f"it gives to '{team}', which is no team and no residual")
        require(isfinite(weight), f"the weight of {team} in span {span} is {weight}")
        text = (tags[0] or "") if tags else ""
        require(not text or text == _canonical(text), f"the tags {text} are not as 'tags_text' writes them")
        found[span][team, text] += Fraction(weight)
    counted = {
        span: {of: weight for of, weight in sorted(weights.items()) if weight > 0 or of[0] in RESIDUALS}
        for span, weights in sorted(found.items())
    }
    require(all(isinstance(note, str) for note in split.notes(asked)), "notes are sentences")
    return {span: weights if sum(weights.values()) > 0 else {} for span, weights in counted.items()}


def _rows_of(answer: Any) -> Iterable[Sequence[Any]]:
    if not hasattr(answer, "column_names"):
        return answer  # type: ignore[no-any-return]
    names = [name for name in Weight._fields if name in answer.column_names]
    return zip(*(answer[name].to_pylist() for name in names), strict=True)


def _canonical(text: str) -> str:
    try:
        return tags_text(json.loads(text))
    except (ValueError, AttributeError, TypeError):
        return ""


def _shares(weights: Mapping[_Part, Fraction]) -> dict[str, float]:
    total, found = sum(weights.values()), defaultdict[str, Fraction](Fraction)
    for (team, _), weight in weights.items():
        found[team] += weight / total
    return {team: float(share) for team, share in found.items() if share}


def _check_conservation(span: int, weights: Mapping[_Part, Fraction]) -> None:
    """Whether parts by largest remainder are the whole, whatever its sign."""
    total = sum(weights.values())
    for amount in _AMOUNTS if total else ():
        sign = 1 if amount >= 0 else -1
        exact = {of: abs(amount) * weight / total for of, weight in weights.items()}
        parts = {of: floor(part) for of, part in exact.items()}
        by_remainder = sorted(weights, key=lambda of: (parts[of] - exact[of], of))
        for of in by_remainder[: abs(amount) - sum(parts.values())]:
            parts[of] += 1
        require(sign * sum(parts.values()) == amount, f"span {span}: {parts} are not {amount}")

"""A split is asked for weights, and its answer is made whole numbers that money is split by exactly."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from costwatch.allocation.measured import explained
from costwatch.errors import CostwatchError
from costwatch.ledger.nano import MOST_TIMES, WEIGHT_SUM
from costwatch.model import RESIDUALS
from costwatch.plugins import Carried, Span, Split, Weighing, Weights
from costwatch.warehouse.encoding import from_int

COLUMNS = {"span": "int64", "team": "string", "AllocatedTags": "string", "weight": "int64"}
_TEXTS = pa.dictionary(pa.int64(), pa.string())  # of many parts: each text once
_WEIGHTS = pa.schema({name: pa.type_for_alias(kind) for name, kind in COLUMNS.items()})
_WEIGHTS = _WEIGHTS.set(2, pa.field("AllocatedTags", _TEXTS))
_ANSWER = pa.schema({"span": pa.int64(), "team": pa.string(), "weight": pa.float64()})
_TAGS = "allocated_tags"  # what a split may leave out
_SMALL, _LARGE = 1e-200, 1e200
_OF = ("span", "team", _TAGS)


def spans(found: pa.Table) -> list[Span]:
    """What ``weights.spans_of`` found, as splits see it."""
    days = {day: from_int(day) for column in ("first", "last") for day in found[column].unique().to_pylist()}
    known = ("span", "first", "last", "BillingCurrency")
    keys = [found[column].to_pylist() for column in found.column_names if column not in known]
    rows = zip(*(found[column].to_pylist() for column in known), strict=True)
    of_keys = zip(*keys, strict=True) if keys else ((),) * found.num_rows
    return [
        Span(span, days[first], days[last] + timedelta(days=1), currency, tuple(key))
        for (span, first, last, currency), key in zip(rows, of_keys, strict=True)
    ]


def carried(found: pa.Table, receivers: Collection[str]) -> list[Carried]:
    """The same for what teams carry by day and BillingCurrency; only of those who can be given something."""
    names = ("team", "day", "BillingCurrency", "BilledCostNano", "EffectiveCostNano")
    ordered = found.sort_by([(name, "ascending") for name in names[:3]])
    known = {*receivers, *RESIDUALS}
    return [
        Carried(team, from_int(day), *rest)
        for team, day, *rest in zip(*(ordered[name].to_pylist() for name in names), strict=True)
        if team in known
    ]


def weigh(pool: Split, asked: Weighing, nothing_for: Collection[str], missing: Collection[date]) -> pa.Table:
    """``COLUMNS``: weights as ``nano.split`` wants them.

    nothing_for: teams whose weights are left out. missing: the days that nothing is known of: spans that lie
    wholly in them are not asked for. Raises CostwatchError for an answer that cannot be used.
    """
    known = [span for span in asked.spans if not _all_in(span, missing)]
    if not known:
        return _WEIGHTS.empty_table()
    with explained(pool):
        rows = _answered(pool.weights(replace(asked, spans=known)))
    _require_known(pool, rows, known, {*asked.teams, *nothing_for, *RESIDUALS})
    if nothing_for:
        rows = rows.filter(pc.invert(pc.is_in(rows["team"], pa.array([*nothing_for], pa.string()))))
    whole = _whole(rows)
    del rows
    pa.default_memory_pool().release_unused()  # a large cluster's rows: the engine needs the room next
    return whole


def notes(pool: Split, asked: Weighing) -> list[tuple[str, str]]:
    """What its split could not place: its name, and a sentence."""
    with explained(pool):
        return [(pool.name, str(note)) for note in pool.notes(asked)]


def _all_in(span: Span, missing: Collection[date]) -> bool:
    days = range((span.after - span.first).days)
    return bool(missing) and all(span.first + timedelta(days=day) in missing for day in days)


def _answered(answer: Weights) -> pa.Table:
    """The answer of a split as one table, with tags of none where it tells none."""
    given = answer if isinstance(answer, pa.Table) else _table(answer)
    rows = given.select(_ANSWER.names).cast(_ANSWER)
    if _TAGS not in given.column_names:
        return rows.append_column(_TAGS, pa.repeat(pa.scalar(""), rows.num_rows))
    if pa.types.is_dictionary(given[_TAGS].type) and not given[_TAGS].null_count:
        return rows.append_column(_TAGS, given[_TAGS])
    return rows.append_column(_TAGS, pc.fill_null(given[_TAGS].cast(pa.string()), ""))


def _table(rows: Iterable[Sequence[Any]]) -> pa.Table:
    columns = [*zip(*((*row, "")[: max(len(row), 4)] for row in rows), strict=True)] or [(), (), (), ()]
    if len(columns) != len(COLUMNS):
        raise ValueError(f"a weight is span, team, number and maybe tags, not {len(columns) - 1} values")
    span, team, weight, tags = columns
    numbers = pa.array(map(float, weight), pa.float64())
    return pa.table([pa.array(span), pa.array(team), numbers, pa.array(tags)], [*_ANSWER.names, _TAGS])


def _require_known(pool: Split, rows: pa.Table, spans: Sequence[Span], names: Collection[str]) -> None:
    """Raises CostwatchError unless the weights are numbers, of spans and names that there are."""
    wrong = ""
    if rows.num_rows == 0:
        return
    if strange := set(rows["team"].unique().to_pylist()) - set(names):
        wrong = f"gives to '{min(map(str, strange))}', which is no team"
    elif set(rows["span"].unique().to_pylist()) - {span.number for span in spans}:
        wrong = "gives weights for a span that it was not asked for"
    elif not np.isfinite(rows["weight"].to_numpy(zero_copy_only=False)).all():
        wrong = "gives a weight that is no finite number"
    if wrong:
        raise CostwatchError(
            f"pool {pool.name}: split '{pool.split}' {wrong}; "
            "correct the pool, or report it to the split's package"
        )


def _whole(rows: pa.Table) -> pa.Table:
    """Sums by span, team and tags, as whole numbers, in one order: equal answers are split equally.

    Those of teams below 0 count as 0. A span whose weights sum to nothing, or to next to nothing beside
    themselves, has none.
    """
    summed = _summed(_tamed(rows))
    weight = summed["weight"].to_numpy()
    is_residual = pc.is_in(summed["team"], pa.array(RESIDUALS)).to_numpy(zero_copy_only=False)
    table = summed.filter(pa.array((weight > 0) | ((weight < 0) & is_residual)))
    if table.num_rows == 0:
        return _WEIGHTS.empty_table()
    span, weight = (table[name].to_numpy() for name in ("span", "weight"))
    starts = np.flatnonzero(np.diff(span, prepend=-1))
    counts = np.diff(starts, append=len(span))
    sizes = np.add.reduceat(np.abs(weight), starts)
    is_exact = np.logical_and.reduceat(weight == np.floor(weight), starts) & (sizes <= WEIGHT_SUM)
    # One less than the sum may be: what floats are rounded by cannot pass it. Divided first, for what is left
    # beside a team's weight below 0 may be so small that the quotient of the sums is no number.
    share = weight / np.repeat(sizes, counts) * (WEIGHT_SUM - 1)
    whole = np.trunc(np.where(np.repeat(is_exact, counts), weight, share)).astype("int64")
    is_something = np.add.reduceat(whole, starts) * MOST_TIMES >= np.add.reduceat(np.abs(whole), starts)
    table = table.set_column(table.column_names.index("weight"), "weight", pa.array(whole))
    table = table.rename_columns(_WEIGHTS.names).cast(_WEIGHTS)
    return table.filter(pa.array((whole != 0) & np.repeat(is_something, counts)))


def _tamed(rows: pa.Table) -> pa.Table:
    """The same beside each other, where they are so small or large that sums or quotients would be lost."""
    span, weight = (rows[name].to_numpy() for name in ("span", "weight"))
    size = np.abs(weight)
    if not (((size > 0) & (size < _SMALL)) | (size > _LARGE)).any():
        return rows
    _, of = np.unique(span, return_inverse=True)
    largest = np.zeros(len(of))
    np.maximum.at(largest, of, size)
    largest[(largest >= _SMALL) & (largest <= _LARGE) | (largest == 0)] = 1
    return rows.set_column(rows.column_names.index("weight"), "weight", pa.array(weight / largest[of]))


def _summed(rows: pa.Table) -> pa.Table:
    """The same, each span, team and tags once, in their order."""
    names, codes = zip(*(_ranked(rows[name]) for name in _OF[1:]), strict=True)
    keys, weight = (rows["span"].to_numpy(), *codes), rows["weight"].to_numpy()
    order = np.lexsort((weight, *keys[::-1]))
    if len(order) == 0:
        return rows
    keys = tuple(key[order] for key in keys)
    starts = np.flatnonzero(np.any([np.diff(key, prepend=-1) != 0 for key in keys], axis=0))
    span, *others = (key[starts] for key in keys)
    named = (pa.DictionaryArray.from_arrays(code, of) for of, code in zip(names, others, strict=True))
    return pa.table([span, *named, np.add.reduceat(weight[order], starts)], [*_OF, "weight"])


def _ranked(texts: pa.ChunkedArray) -> tuple[pa.Array, Any]:
    """Distinct texts in order, and which of them each is."""
    encoded = texts.combine_chunks().dictionary_encode()
    known = encoded.dictionary.dictionary_encode()  # whoever made one may have a text in it twice
    order = pc.array_sort_indices(known.dictionary).to_numpy()
    rank = np.empty(len(order), "int64")
    rank[order] = np.arange(len(order))
    ranks = rank[known.indices.to_numpy()]
    return known.dictionary.take(pa.array(order)), ranks[encoded.indices.to_numpy()]

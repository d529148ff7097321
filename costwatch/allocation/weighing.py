"""A split is asked for weights, and its answer is made whole numbers that money is split by exactly."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from costwatch.allocation.measured import explained
from costwatch.errors import CostwatchError
from costwatch.ledger.nano import WEIGHT_SUM
from costwatch.model import RESIDUALS
from costwatch.plugins import Carried, Span, Split, Weighing
from costwatch.warehouse.encoding import from_int

COLUMNS = {"span": "int64", "team": "string", "weight": "int64"}
_WEIGHTS = pa.schema({name: pa.type_for_alias(kind) for name, kind in COLUMNS.items()})
_ANSWER = pa.schema({"span": pa.int64(), "team": pa.string(), "weight": pa.float64()})


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
    """``span``, ``team``, ``weight``: above 0, the sum of a span's at most ``WEIGHT_SUM``.

    nothing_for: teams whose weights are left out. missing: the days that nothing is known of: spans that lie
    wholly in them are not asked for. Raises CostwatchError for an answer that cannot be used.
    """
    known = [span for span in asked.spans if not _all_in(span, missing)]
    if not known:
        return _WEIGHTS.empty_table()
    with explained(pool):
        answer = pool.weights(replace(asked, spans=known))
        rows = answer.select(_ANSWER.names) if isinstance(answer, pa.Table) else _table(answer)
        rows = rows.cast(_ANSWER)
    _require_known(pool, rows, known, {*asked.teams, *nothing_for, *RESIDUALS})
    return _whole(rows.filter(~np.isin(rows["team"].to_numpy(), [*nothing_for])))


def _all_in(span: Span, missing: Collection[date]) -> bool:
    days = range((span.after - span.first).days)
    return bool(missing) and all(span.first + timedelta(days=day) in missing for day in days)


def _table(rows: Iterable[Sequence[Any]]) -> pa.Table:
    columns = [*zip(*rows, strict=True)] or [(), (), ()]
    if len(columns) != len(_ANSWER):
        raise ValueError(f"a weight is span, team and number, not {len(columns)} values")
    span, team, weight = columns
    return pa.table([pa.array(span), pa.array(team), pa.array(map(float, weight))], names=_ANSWER.names)


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
    """Sums by span and team, as whole numbers; all in one order, so that equal answers are split equally."""
    summed = rows.sort_by([("span", "ascending"), ("team", "ascending"), ("weight", "ascending")])
    summed = summed.group_by(["span", "team"], use_threads=False).aggregate([("weight", "sum")])
    span, weight = (summed[name].to_numpy() for name in ("span", "weight_sum"))
    kept = weight > 0
    span, weight, team = span[kept], weight[kept], summed["team"].filter(pa.array(kept))
    if len(span) == 0:
        return _WEIGHTS.empty_table()
    starts = np.flatnonzero(np.diff(span, prepend=-1))
    sums = np.add.reduceat(weight, starts)
    is_exact = np.logical_and.reduceat(weight == np.floor(weight), starts) & (sums <= WEIGHT_SUM)
    # One less than the sum may be: what floats are rounded by cannot pass it.
    scale = np.where(is_exact, 1, (WEIGHT_SUM - 1) / sums)
    whole = np.floor(weight * np.repeat(scale, np.diff(starts, append=len(span)))).astype("int64")
    table = pa.table([pa.array(span), team, pa.array(whole)], schema=_WEIGHTS)
    return table.filter(pa.array(whole > 0))

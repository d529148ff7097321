"""The columns of a bill as they were delivered, equal for equal ones however their files are written."""

import ibis
import ibis.expr.types as ir

from costwatch.ledger.engines.duckdb import builtin
from costwatch.ledger.engines.engine import PLACE
from costwatch.ledger.formats.contract import amount, instant, is_entry, text

_MEASURES = ("cost", "price", "quantity", "amount", "rate", "identity", "lineitemid", "invoice", "estimated")
_INSTANT_NAMES = ("periodstart", "periodend", "startdate", "enddate", "start_date", "end_date")
_TRUTHS = ("True", "TRUE", "False", "FALSE")
_ENTRIES = "array<struct<key: string, value: string>>"


def is_measure(name: str) -> bool:
    """Whether a column of that name says how much, or by which run of an export it was written."""
    return any(word in name.lower() for word in _MEASURES)


def as_written(raw: ir.Table) -> dict[str, ir.Value]:
    """Every delivered column by name, its values equal for equal ones in files of another kind."""
    delivered = sorted(name for name in raw.columns if name not in PLACE and not is_entry(name))
    return {name: _as_written(raw, name) for name in delivered}


def _as_written(raw: ir.Table, name: str) -> ir.Value:
    value = raw[name]
    if value.type().is_numeric() and (is_measure(name) or not value.type().is_integer()):
        return value.cast("float64").cast("string")
    if value.type().is_temporal() or name.endswith(_INSTANT_NAMES):
        return instant(raw, name)
    if value.type().is_map():
        entries = builtin("map_entries", [value], _ENTRIES)
        return builtin("list_sort", [entries], _ENTRIES).cast("string")  # delivered in any order
    if not value.type().is_string():
        return value.cast("string")
    return (
        amount(raw, name).cast("string").fill_null(_plain(raw, name))
        if is_measure(name)
        else _plain(raw, name)
    )


def _plain(raw: ir.Table, name: str) -> ir.StringValue:
    """As text; ``True`` is ``true``, as other programs write it."""
    value = text(raw, name)
    return ibis.ifelse(value.isin(_TRUTHS), value.lower(), value)

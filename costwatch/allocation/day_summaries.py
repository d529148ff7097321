"""The facts of a period summed by day, as pages read them: by team and service, and by places."""

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir

from costwatch.allocation.weights import SUMMED, summed
from costwatch.warehouse.bill.places import COARSER, PLACE, Carriers, Summary

SLICES, PLACES = "numbered_slices", "numbered_places"  # tables of ``places.Numbered``
_BY_TEAM = ("day", "team_id", "service_id", "BillingCurrency", "x_ChargeKind")
_BY_PLACE = ("place_id", "team_id", "service_id", "day")


def by_team(stored: ir.Table) -> ir.Table:
    """``stored`` facts by day, team, service, currency and kind of charge."""
    columns = {"slice": "int64", "BillingCurrency": "string", "x_ChargeKind": "string"}
    told = ibis.table(columns, name=SLICES).rename(slice_id="slice")
    return summed(stored.join(told, "slice_id"), _BY_TEAM).order_by(*_BY_TEAM)


def without_usage_types(stored: ir.Table) -> ir.Table:
    """``stored`` facts by place: what most summaries are made of."""
    return _placed(stored, _numbered(SLICES, "slice", PLACE), (True, True))


def by_place(placed: ir.Table) -> Iterator[ir.Table]:
    """The rows of each summary, as they are stored. placed: ``without_usage_types``, kept.

    Each is asked for by itself: the sums of all at once would not fit into the memory that an engine has.
    """
    facts = placed.rename(slice_id="place_id")
    for summary in (*COARSER, PLACE):
        places = _numbered(PLACES, PLACE.name, summary)
        for carriers in summary.carriers:
            rows = placed if carriers == (True, True) else _placed(facts, places, carriers)
            columns = {column: rows[column].cast("int64") for column in (*_BY_PLACE, *SUMMED)}
            yield rows.select(**columns).order_by(*_BY_PLACE)


def _numbered(table: str, key: str, summary: Summary) -> ir.Table:
    """Which place of ``summary`` each slice, or place of ``PLACE``, lies in."""
    known = ibis.table(dict.fromkeys(dict.fromkeys((key, summary.name)), "int64"), name=table)
    return known.select(slice_id=known[key], place_id=known[summary.name])


def _placed(facts: ir.Table, places: ir.Table, carriers: Carriers) -> ir.Table:
    located = facts.join(places, "slice_id")
    team, service = (
        located[column] if is_by else ibis.literal(0, "int64")
        for column, is_by in zip(("team_id", "service_id"), carriers, strict=True)
    )
    located = located.select("place_id", "day", *SUMMED, team_id=team, service_id=service)
    return summed(located, _BY_PLACE).select(*_BY_PLACE, *SUMMED)

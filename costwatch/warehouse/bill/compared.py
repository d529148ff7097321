"""Which stored tables tell the same cost: each pair can be held against each other, row by row."""

from collections.abc import Iterator
from typing import NamedTuple

from costwatch.warehouse.bill.places import COARSER, PLACE, PLACE_COLUMNS, Carriers, Summary

_FACTS = """(SELECT c.*, s.source, s.BillingAccountId, s.ChargeCategory, s.BillingCurrency, s.x_ChargeKind,
  s.AllocatedTags
FROM {} c JOIN slice s ON s.id = c.slice)"""
_LINES = """(SELECT period, day, line_count,
'' AS BillingCurrency, 0 AS BilledCostNano, 0 AS EffectiveCostNano FROM {})"""
_COSTS = "c.BilledCostNano, c.EffectiveCostNano, c.line_count"
_OF_PLACE = ("place", "team", "service", "day")
_OF_ALL, _BY_TEAM, _BY_SERVICE, _BY_BOTH = (False, False), (True, False), (False, True), (True, True)


class Pair(NamedTuple):
    """Two tables, the rows of each in SQL, and what both know of a cost besides period and currency."""

    left: str
    right: str
    left_rows: str
    right_rows: str
    known: tuple[str, ...]


def pairs() -> Iterator[Pair]:
    """An altered row of a table no longer fits at least one other."""
    invoiced = ("team", "source", "BillingAccountId", "ChargeCategory")
    facts = _FACTS.format("team_cost")
    yield Pair("team_invoice", "team_cost", "team_invoice", facts, invoiced)
    yield Pair("team_cost", "cost_day", facts, "cost_day", ("team", "service", "day", "x_ChargeKind"))
    parts = f"(SELECT * FROM {facts} WHERE AllocatedTags <> '')"
    yield Pair(
        "team_cost", "part_cost", parts, _FACTS.format("part_cost"), ("team", "service", "day", "slice")
    )
    yield Pair("cost_day", "day_line", _LINES.format("cost_day"), _LINES.format("day_line"), ("day",))
    yield from _summaries("", ())
    revised = _FACTS.format("team_cost_revision")
    known = ("team", "service", "day", "x_ChargeKind", "known_at", "state", "cause")
    yield Pair("team_cost_revision", "cost_day_revision", revised, "cost_day_revision", known)
    yield from _summaries("_revision", ("known_at",))


def _summaries(end: str, more: tuple[str, ...]) -> Iterator[Pair]:
    """The finest against the facts, and each coarser one against one that is finer."""
    facts, days = f"team_cost{end}", f"place_day{end}"

    def pair(finer: Summary | None, of: Carriers, coarser: Summary, by: Carriers) -> Pair:
        left = _summed(finer, of, coarser, by, days if finer else facts, more)
        return Pair(days if finer else facts, days, left, _rows(coarser, by, days), (*_OF_PLACE, *more))

    yield pair(None, _BY_BOTH, PLACE, _BY_BOTH)
    yield pair(PLACE, _BY_BOTH, PLACE, _OF_ALL)
    for summary in COARSER:
        for carriers in (_BY_TEAM, _BY_SERVICE):
            yield pair(PLACE, _BY_BOTH, summary, carriers)
        yield pair(summary, _BY_TEAM, summary, _OF_ALL)


def _carried(by: Carriers) -> str:
    team, service = (">" if is_by else "=" for is_by in by)
    return f"c.team {team} 0 AND c.service {service} 0"


def _rows(of: Summary, by: Carriers, table: str) -> str:
    return f"""(SELECT c.*, p.BillingCurrency FROM {table} c JOIN place p ON p.id = c.place
WHERE p.summary = '{of.name}' AND {_carried(by)})"""


def _summed(
    finer: Summary | None, of: Carriers, coarser: Summary, by: Carriers, table: str, more: tuple[str, ...]
) -> str:
    """The rows of the finer one, or the facts, by the places and carriers of the coarser one."""
    alike = " AND ".join(
        f"b.{column} = {f'a.{column}' if column in coarser.columns else repr('')}" for column in PLACE_COLUMNS
    )
    if "ChargeCategory" in coarser.columns:
        alike += " AND b.x_ChargeKind = a.x_ChargeKind"
    source, key, condition = ("slice", "slice", "1")
    if finer:
        source, key, condition = (
            f"(SELECT * FROM place WHERE summary = '{finer.name}')",
            "place",
            _carried(of),
        )
    team, service = (
        f"c.{name} * {is_by:d} AS {name}" for name, is_by in zip(("team", "service"), by, strict=True)
    )
    told = "".join(f"c.{name}, " for name in more)
    return f"""(WITH m AS MATERIALIZED (
SELECT a.id AS finer, a.BillingCurrency, b.id AS place FROM {source} a
LEFT JOIN place b ON b.summary = '{coarser.name}' AND {alike})
SELECT c.period, m.place, {team}, {service}, c.day, {told}m.BillingCurrency, {_COSTS}
FROM {table} c JOIN m ON m.finer = c.{key} WHERE {condition})"""

"""What workloads cost, today too: by the bill where it is settled, else estimated. In no sum of the bill."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from functools import partial

from costwatch.model import Labels, Point, SeriesByLabels, State, Window, labels, midnight
from costwatch.money import units
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, from_text, to_int
from costwatch.warehouse.facts.usage import CPU, MEMORY, UNUSED, WORKLOAD_LABELS, parts_of
from costwatch.warehouse.intake.runs import window_columns

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_LABELS = ("team", "cluster", "namespace", "workload_kind", "workload")
_TABLES = ("node_days", "workload_days")
_Found = dict[Labels, list[Point]]


def _costs(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    """Nothing as of an earlier instant: what was estimated then is lost; nor in another currency."""
    if reader.as_of is not None or reader.conversion:
        return {}
    first, after = map(to_int, window.days)
    sql = queries.filled("workload_costs", **parts_of(by, {name: f"e.{name}" for name in by}))
    found: _Found = defaultdict(list)
    for row in reader.rows(sql, {"first": first, "after": after}):
        state = State.SETTLED if row["is_settled"] else State.ESTIMATED
        found[_key(row, by)].append(Point(midnight(from_int(row["day"])), units(row["value"]), state))
    return {key: tuple(points) for key, points in found.items()}


def _hourly(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    if reader.as_of is not None or reader.conversion:
        return {}
    sql = queries.filled("running_costs", **parts_of(by, {name: f"e.{name}" for name in by}))
    found: _Found = defaultdict(list)
    for row in reader.rows(sql, dict(window_columns(window))):
        at = from_text(row["at"])
        if window.start <= at:
            found[_key(row, by)].append(Point(at, units(row["value"]), State.ESTIMATED))
    return {key: tuple(points) for key, points in found.items()}


def _unused(part: tuple[str, str], reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    if reader.as_of is not None or reader.conversion or not reader.has_table("workload_days"):
        return {}
    first, after = window.days
    unused = UNUSED.format(*part)
    if part == MEMORY:
        unused = f"{unused} / 1073741824.0"
    sql = queries.filled(
        "unused_cost", unused=f"9 * {unused}" if part == CPU else unused, **parts_of(by, WORKLOAD_LABELS)
    )
    whole = window_columns(Window.of_days(first, after))
    days: dict[str, str | int] = {"first": to_int(first), "after": to_int(after), **whole}
    states = reader.states(first, after)
    found: _Found = defaultdict(list)
    for row in reader.rows(sql, days):
        if row["value"] is not None:
            day, value = from_int(row["day"]), round(Decimal(row["value"]).scaleb(-9), 9)
            found[_key(row, by)].append(Point(midnight(day), value, states.get(day, State.ESTIMATED)))
    return {key: tuple(points) for key, points in found.items()}


def _key(row: dict[str, str], by: tuple[str, ...]) -> Labels:
    return labels(currency=row["BillingCurrency"], **{name: str(row[name]) for name in by})


WORKLOAD_COST = FactQuery(
    name="workload_cost",
    labels=_LABELS,
    unit="currency",
    step=_DAY,
    page="costs",
    ask=_costs,
    summary="What each workload's part of its nodes costs a day: billed, or estimated until it is.",
    tables=_TABLES,
)
RUNNING_COST = FactQuery(
    name="running_cost_per_hour",
    labels=(*_LABELS, "instance_type"),
    unit="currency",
    step=_HOUR,
    page="costs",
    ask=_hourly,
    summary="What an hour of each workload that runs costs, estimated when it was last seen to run.",
    tables=_TABLES,
)
CPU_UNUSED_COST = FactQuery(
    name="cpu_unused_cost",
    labels=tuple(WORKLOAD_LABELS),
    unit="currency",
    step=_DAY,
    page="costs",
    ask=partial(_unused, CPU),
    summary="What CPU that was requested and not used cost, by the billed cost of its nodes.",
    tables=_TABLES,
)
MEMORY_UNUSED_COST = FactQuery(
    name="memory_unused_cost",
    labels=tuple(WORKLOAD_LABELS),
    unit="currency",
    step=_DAY,
    page="costs",
    ask=partial(_unused, MEMORY),
    summary="What memory that was requested and not used cost, by the billed cost of its nodes.",
    tables=_TABLES,
)

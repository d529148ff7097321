"""What rules and pages ask of clusters: what workloads requested and used, and how much was measured."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial

from costwatch.model import Labels, Point, SeriesByLabels, State, Window, labels, midnight
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, from_text, to_int
from costwatch.warehouse.intake.runs import window_columns

_DAY = timedelta(days=1)
_TEAM = (
    "CASE WHEN json_valid(w.labels) THEN coalesce(json_extract(w.labels, '$.team'),"
    """ json_extract(w.labels, '$."namespace:team"')) END"""
)
# How a label is read from a row. ``team`` is what the label of a pod or a namespace says, a team or not.
WORKLOAD_LABELS: Mapping[str, str] = {
    "cluster": "w.cluster",
    "namespace": "w.namespace",
    "workload_kind": "w.workload_kind",
    "workload": "w.workload",
    "team": _TEAM,
}
_NODE_LABELS = {name: f"n.{name}" for name in ("cluster", "node", "instance_type", "region", "capacity_type")}


def parts_of(by: tuple[str, ...], known: Mapping[str, str]) -> dict[str, str]:
    """The labels asked for, as parts of a named query: what is selected, and what is grouped by."""
    read = {name: f"coalesce({known[name]}, '')" for name in by}
    return {
        "labels": "".join(f", {value} AS {name}" for name, value in read.items()),
        "grouped": "".join(f", {value}" for value in read.values()),
    }


def _ask(
    template: str,
    table: str,
    value: str,
    known: Mapping[str, str],
    reader: Reader,
    by: tuple[str, ...],
    window: Window,
) -> SeriesByLabels:
    if not reader.has_table(table):
        return {}
    days = Window.of_days(*window.days)
    if reader.as_of is not None:  # a day that had not begun
        days = Window(days.start, max(days.start, min(days.end, reader.as_of)))
    unread = unread_days(reader, table, days)
    found: dict[Labels, dict[int, Decimal]] = defaultdict(dict)
    for row in reader.rows(
        queries.filled(template, value=value, **parts_of(by, known)), dict(window_columns(days))
    ):
        if row["value"] is not None:
            key = labels(**{name: str(row[name]) for name in by})
            found[key][row["day"]] = round(Decimal(row["value"]), 6)
    return {
        key: tuple(
            Point(midnight(from_int(day)), value, State.ESTIMATED if day in unread else State.SETTLED)
            for day, value in by_day.items()
        )
        for key, by_day in found.items()
    }


def unread_days(reader: Reader, table: str, window: Window) -> set[int]:
    """Days of a collected table, as they are stored, that are not read whole yet."""
    rows = reader.rows(queries.text("unread_days"), {"table_name": table, **window_columns(window)})
    return {to_int(from_text(row["window_start"]).date()) for row in rows}


def _of_workloads(name: str, value: str, unit: str, summary: str) -> FactQuery:
    ask = partial(_ask, "workload_usage", "workload_days", value, WORKLOAD_LABELS)
    known, tables = tuple(WORKLOAD_LABELS), ("workload_days",)
    return FactQuery(name, known, unit, _DAY, "costs", ask, summary, tables=tables)


def _of_nodes(name: str, value: str, unit: str, summary: str) -> FactQuery:
    ask = partial(_ask, "node_usage", "node_days", value, _NODE_LABELS)
    known, tables = tuple(_NODE_LABELS), ("node_days",)
    return FactQuery(name, known, unit, _DAY, "data", ask, summary, tables=tables)


_CORE_HOURS = "SUM(w.{0}_core_seconds) / 3600.0"
_GIB_HOURS = "SUM(w.{0}_byte_seconds) / 3865470566400.0"  # 2 ** 30 bytes for an hour
_REQUESTED = "coalesce(w.{0}_requested_{1}, 0)"
_USED = "w.{0}_used_{1}"
# Where nothing was requested and something used, all was of use. Rows whose use is not known do not count.
_EFFICIENCY = (
    f"CASE WHEN SUM({_USED}) IS NULL THEN NULL"
    f" WHEN SUM(iif({_USED} IS NULL, 0, {_REQUESTED})) > 0"
    f" THEN SUM({_USED}) / SUM(iif({_USED} IS NULL, 0, {_REQUESTED}))"
    f" WHEN SUM({_USED}) > 0 THEN 1.0 END"
)
CPU, MEMORY = ("cpu", "core_seconds"), ("memory", "byte_seconds")
UNUSED = f"({_REQUESTED} - {_USED})"  # signed; NULL where use is not known

CPU_REQUESTED = _of_workloads(
    "cpu_requested_core_hours",
    _CORE_HOURS.format("cpu_requested"),
    "core hours",
    "CPU that workloads requested, by day.",
)
CPU_USED = _of_workloads(
    "cpu_used_core_hours", _CORE_HOURS.format("cpu_used"), "core hours", "CPU that workloads used, by day."
)
CPU_UNUSED = _of_workloads(
    "cpu_unused_core_hours",
    f"SUM({UNUSED.format(*CPU)}) / 3600.0",
    "core hours",
    "CPU requested less CPU used, where both are known; negative where more was used.",
)
CPU_EFFICIENCY = _of_workloads(
    "cpu_efficiency",
    _EFFICIENCY.format(*CPU),
    "ratio",
    "CPU used as a share of CPU requested, of the same workloads; 1 where none was requested.",
)
MEMORY_REQUESTED = _of_workloads(
    "memory_requested_gib_hours",
    _GIB_HOURS.format("memory_requested"),
    "GiB hours",
    "Memory that workloads requested, by day.",
)
MEMORY_USED = _of_workloads(
    "memory_used_gib_hours",
    _GIB_HOURS.format("memory_used"),
    "GiB hours",
    "Memory that workloads used, by day.",
)
MEMORY_UNUSED = _of_workloads(
    "memory_unused_gib_hours",
    f"SUM({UNUSED.format(*MEMORY)}) / 3865470566400.0",
    "GiB hours",
    "Memory requested less memory used, where both are known; negative where more was used.",
)
MEMORY_EFFICIENCY = _of_workloads(
    "memory_efficiency",
    _EFFICIENCY.format(*MEMORY),
    "ratio",
    "Memory used as a share of memory requested, of the same workloads; 1 where none was requested.",
)
NODE_EXPECTED = _of_nodes(
    "node_expected_hours",
    "SUM(n.expected_seconds) / 3600.0",
    "node hours",
    "How long nodes lived, by day.",
)
NODE_MEASURED = _of_nodes(
    "node_measured_hours",
    "SUM(n.measured_seconds) / 3600.0",
    "node hours",
    "For how much of that anybody measured what ran on them.",
)
NODE_COVERAGE = _of_nodes(
    "node_coverage",
    "SUM(n.measured_seconds) / nullif(SUM(n.expected_seconds), 0)",
    "ratio",
    "Measured time of nodes as a share of how long they lived.",
)

"""The store of live estimates: what they are made of, and what was estimated of each day."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from costwatch.cost.live_estimate import Estimate, Rate
from costwatch.cost.node_share import NodeCost, NodeDay, NodeKey, NodeKind, WorkloadCost, WorkloadKey
from costwatch.model import Window
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_int, from_text, to_int, to_text
from costwatch.warehouse.intake.runs import window_columns


def usage_versions(db: sqlite3.Connection, window: Window) -> dict[date, list[tuple[str, ...]]]:
    """What is stored of the usage of each UTC day: changes whenever its rows may."""
    found: dict[date, list[tuple[str, ...]]] = defaultdict(list)
    for row in queries.rows(db, "usage_versions", window_columns(window)):
        found[from_text(row["window_start"]).date()].append(tuple(map(str, row)))
    return dict(found)


def has_partial(versions: Iterable[tuple[str, ...]]) -> bool:
    """Whether some of what is stored of a day is incomplete."""
    return any(partial == "1" for *_, partial in versions)


def published_at(db: sqlite3.Connection, window: Window) -> dict[date, str]:
    """When the bill of each day was last published."""
    first, after = map(to_int, window.days)
    rows = queries.rows(db, "days_published", {"first": first, "after": after})
    return {from_int(row["day"]): row["known_at"] for row in rows}


def node_days(db: sqlite3.Connection, window: Window) -> list[NodeDay]:
    """The nodes of some days, as collected."""
    return [
        NodeDay(
            NodeKey(from_int(row["day"]), *_texts(row, "cluster", "node", "instance")),
            NodeKind(*_texts(row, *NodeKind._fields)),
            row["cpu_cores"],
            row["memory_bytes"],
            row["gpus"],
            row["expected_seconds"],
            row["measured_seconds"],
        )
        for row in queries.rows(db, "node_days", window_columns(window))
    ]


def workload_costs(
    db: sqlite3.Connection, day: date, nodes: Iterable[NodeDay], costs: Mapping[NodeKey, NodeCost]
) -> dict[WorkloadKey, WorkloadCost]:
    """What each workload's parts of its nodes cost on a day. What is idle of a node is nobody's here."""
    window = window_columns(Window.of_days(day, day + timedelta(days=1)))
    once = {node.key: _priced(node, costs.get(node.key)) for node in nodes}  # two sources may tell of one
    found: dict[WorkloadKey, WorkloadCost] = defaultdict(WorkloadCost)
    for cluster, namespace, kind, workload, *rest in queries.rows(
        db, "workload_day_costs", {**window, "nodes": json.dumps([*once.values()])}
    ):
        labels, instance_type, currency, basis, running_seconds, node_count, nano = rest
        of = found[WorkloadKey(day, cluster, namespace, kind, workload)]
        of.running_seconds += running_seconds
        of.seconds_by_labels[labels] += running_seconds
        if instance_type is not None:
            of.seconds_by_type[instance_type] += running_seconds
        if nano is None:
            of.unknown += node_count
        else:
            of.nano[currency] += round(nano)
            of.bases.add(basis)
    return dict(found)


def _priced(node: NodeDay, cost: NodeCost | None) -> tuple[str | float | None, ...]:
    parts = node.part_costs(cost)
    known = (cost.currency, cost.basis, *parts) if cost and parts else (None,) * 5
    return (*node.key[1:], node.kind.instance_type, *known)


def _texts(row: sqlite3.Row, *names: str) -> Iterable[str]:
    return (row[name] or "" for name in names)


def keys(db: sqlite3.Connection) -> dict[date, str]:
    """By what each day was estimated."""
    return {from_int(row["day"]): row["inputs_key"] for row in db.execute("SELECT * FROM live_estimate_day")}


def of_day(db: sqlite3.Connection, day: date) -> list[Estimate]:
    """What is kept of a day, in order."""
    rows = db.execute("SELECT * FROM live_estimate WHERE day = ?", (to_int(day),))
    return [
        Estimate(
            WorkloadKey(day, row["cluster"], row["namespace"], row["workload_kind"], row["workload"]),
            row["BillingCurrency"],
            row["team"],
            row["instance_type"],
            row["basis"],
            bool(row["is_whole"]),
            row["running_seconds"],
            row["elapsed_seconds"],
            from_text(row["grown_at"]),
            row["estimated_nano"],
            row["hourly_nano"],
            row["billed_nano"],
        )
        for row in rows
    ]


def replace_day(
    db: sqlite3.Connection, day: date, found: Sequence[Estimate], key: str, *, is_settled: bool
) -> None:
    """Have exactly these estimates of a day, made by ``key``."""
    db.execute("DELETE FROM live_estimate WHERE day = ?", (to_int(day),))
    db.executemany(
        f"INSERT INTO live_estimate VALUES ({', '.join('?' * 16)})",
        [
            (
                *(to_int(day), *one.key[1:], one.currency, one.team, one.instance_type, one.basis),
                *(one.is_whole, one.running_seconds, one.elapsed_seconds, to_text(one.grown_at)),
                *(one.estimated_nano, one.hourly_nano, one.billed_nano),
            )
            for one in found
        ],
    )
    db.execute("INSERT OR REPLACE INTO live_estimate_day VALUES (?, ?, ?)", (to_int(day), key, is_settled))


def forget_before(db: sqlite3.Connection, day: date) -> None:
    """Keep nothing of the days before ``day``."""
    for table in ("live_estimate", "live_estimate_day"):
        db.execute(f"DELETE FROM {table} WHERE day < ?", (to_int(day),))


def replace_rates(db: sqlite3.Connection, rates: Mapping[NodeKind, Rate | None]) -> None:
    """By which rates days are estimated; None: a kind has none."""
    db.execute("DELETE FROM live_rate")
    db.executemany(
        "INSERT INTO live_rate VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(*kind, *_rate_columns(rate)) for kind, rate in sorted(rates.items(), key=lambda pair: pair[0])],
    )


def _rate_columns(rate: Rate | None) -> tuple[str | int | None, ...]:
    if rate is None:
        return "", None, "", None
    return rate.currency, str(rate.hourly), rate.basis, to_int(rate.day) if rate.day else None


def rates(db: sqlite3.Connection) -> dict[NodeKind, Rate | None]:
    """What ``replace_rates`` stored, in order."""
    return {
        NodeKind(row["instance_type"], row["region"], row["capacity_type"]): None
        if row["hourly"] is None
        else Rate(
            Decimal(row["hourly"]),
            row["BillingCurrency"],
            row["basis"],
            from_int(row["rate_day"]) if row["rate_day"] else None,
        )
        for row in db.execute("SELECT * FROM live_rate")
    }


def accuracy_pairs(db: sqlite3.Connection, first: date) -> list[tuple[int, int]]:
    """Estimate and bill, in nano-units, of whole workloads of settled days from ``first`` on."""
    sql = "SELECT estimated_nano, billed_nano FROM live_estimate WHERE day >= ? AND is_whole"
    return [tuple(row) for row in db.execute(sql, (to_int(first),)) if None not in tuple(row)]

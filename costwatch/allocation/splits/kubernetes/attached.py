"""Volumes by the time that pods mounted them, and load balancers by the services behind them."""

import numpy as np
import pyarrow as pa

from costwatch.allocation.clusters.owners import Receivers
from costwatch.allocation.clusters.parts import Parts, by_day, numbers, ordinals, texts
from costwatch.allocation.clusters.resources import balancer, identity
from costwatch.model import IDLE

UNMOUNTED = "unmounted"


def volumes(rows: pa.Table, receivers: Receivers, idle: str) -> Parts:
    """Whose each volume is on a day. idle: ``keep``, ``share``, or the team that is given what is left.

    Pods that mount one at a time share that time (``shared_seconds``; ``mounted_seconds`` where that is not
    told). For as long as none did, it is idle, in the namespace of its claim.
    """
    place = texts(rows, "source", "cluster", "volume", "day").dictionary_encode().indices.to_numpy()
    place, count = place.astype("int64"), int(place.max()) + 1
    _, first = np.unique(place, return_index=True)
    mounted = np.nan_to_num(numbers(rows, "shared_seconds"))
    mounted = np.where(mounted > 0, mounted, np.nan_to_num(numbers(rows, "mounted_seconds")))
    unused = np.nan_to_num(numbers(rows, "idle_seconds"))
    expected, left, sums = (
        np.bincount(place, column, minlength=count)
        for column in (np.nan_to_num(numbers(rows, "expected_seconds")), unused, mounted)
    )
    # Every row of a volume tells how long it existed.
    expected = np.maximum(expected / np.bincount(place, minlength=count), left)
    taken = expected if idle == "share" else expected - left
    share = np.divide(taken, sums, out=np.zeros(count), where=sums > 0)
    is_used, is_idle = mounted > 0, (unused > 0) & ((idle != "share") | (sums[place] == 0))
    days = ordinals(rows)
    used = receivers.of(rows.filter(pa.array(is_used)), days[is_used])
    to = IDLE if idle in ("keep", "share") else idle
    unmounted = [
        receivers.number(to, cluster=cluster or "", namespace=namespace or "", workload=UNMOUNTED)
        for cluster, namespace in zip(
            *(rows[name].filter(pa.array(is_idle)).to_pylist() for name in ("cluster", "namespace")),
            strict=True,
        )
    ]
    things = ({identity(name or "")} - {""} for name in rows["volume"].take(pa.array(first)).to_pylist())
    return Parts.of(
        by_day(things, days[first]),
        count,
        [
            (place[is_used], used, (mounted * share[place])[is_used]),
            (place[is_idle], np.array(unmounted, "int64"), unused[is_idle]),
        ],
    )


def balancers(rows: pa.Table, receivers: Receivers) -> Parts:
    """Whose each load balancer is on a day: evenly of the services behind it."""
    services = texts(rows, "source", "cluster", "namespace", "service", "load_balancer", "day")
    _, first = np.unique(services.dictionary_encode().indices.to_numpy(), return_index=True)
    rows = rows.take(pa.array(first))
    kinds = pa.array(["service"] * rows.num_rows)
    rows = rows.append_column("workload_kind", kinds).append_column("workload", rows["service"])
    place = texts(rows, "load_balancer", "day").dictionary_encode().indices.to_numpy().astype("int64")
    _, first = np.unique(place, return_index=True)
    days, each = ordinals(rows), 1 / np.bincount(place)[place]
    things = (
        {balancer(name or "")} - {""} for name in rows["load_balancer"].take(pa.array(first)).to_pylist()
    )
    return Parts.of(by_day(things, days[first]), len(first), [(place, receivers.of(rows, days), each)])

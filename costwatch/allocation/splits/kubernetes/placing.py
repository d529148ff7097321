"""Which parts each span of a bill has, and what neither the bill nor the clusters know of each other."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from costwatch.allocation.clusters.owners import Receivers
from costwatch.allocation.clusters.parts import Found, Parts, rows_of
from costwatch.allocation.clusters.resources import balancer, identity, is_machine_or_disk
from costwatch.allocation.splits.kubernetes.attached import balancers, volumes
from costwatch.allocation.splits.kubernetes.nodes import ALL_CLUSTERS, WORKLOAD_COLUMNS, Nodes
from costwatch.model import Window
from costwatch.model.names import folded
from costwatch.plugins import Span, Weighing
from costwatch.wording import count_of, some_of

if TYPE_CHECKING:
    from costwatch.allocation.splits.kubernetes import KubernetesPool


class Placed:
    """The spans of one question, each beside the days of the things that its lines are of."""

    def __init__(self, pool: "KubernetesPool", asked: Weighing) -> None:
        self._pool, self._asked = pool, asked
        self._idle = pool.idle if isinstance(pool.idle, str) else pool.idle.team
        self._receivers = Receivers(pool, asked)
        first, after = asked.period.days
        spans = asked.spans
        self._window = Window.of_days(
            min((span.first for span in spans), default=first),
            max((span.after for span in spans), default=after),
        )

    def weights(self) -> pa.Table:
        """See ``plugins.Split``."""
        nodes, found, left = self._nodes(self._rows("workload_days", WORKLOAD_COLUMNS)), [], self._asked.spans
        for parts, name in self._known(nodes):
            pairs, left = parts.paired(left, name)
            found.append(parts.weights(pairs))
        found.append(self._fallback(nodes, left))
        return self._receivers.weights(found)

    def notes(self) -> Iterator[str]:
        """See ``plugins.Split``."""
        nodes = self._nodes(None)
        if nodes is None:
            return
        left, known = self._asked.spans, set[str]()
        for parts, name in self._known(nodes):
            _, left = parts.paired(left, name)
            known |= parts.days.keys()
        # Of one that is known on other days, this one may not be collected yet.
        named = {span.key[0] for span in left if identity(span.key[0]) not in known}
        lost = sorted(filter(is_machine_or_disk, named))
        if lost:
            many = count_of(len(lost), "machine or disk", "machines or disks")
            yield (
                f"no cluster knows {many} of the bill, "
                f"{some_of(lost)}; is theirs among the sources, and was it measured on these days?"
            )
        yield from self._unbilled(nodes)
        poor = nodes.days_below(self._pool.min_coverage)
        if poor:
            yield (
                f"{len(poor)} of {nodes.rows.num_rows} days of nodes were measured for less than "
                f"{self._pool.min_coverage:.0%}, and are unmeasured: {some_of(poor)}"
            )

    def _unbilled(self, nodes: Nodes) -> Iterator[str]:
        """Nodes that no line is of, up to the newest day of the bill."""
        billed = {identity(span.key[0]) for span in self._asked.spans}
        newest = max((span.after for span in self._asked.spans if _is_daily(span)), default=None)
        free = newest and nodes.not_among(billed, newest)
        if free:
            yield (
                f"no line of the bill is of {count_of(len(free), 'node', 'nodes')}, {some_of(free)}; does "
                "the bill hold their account, and does the pool's match take their lines?"
            )

    def _nodes(self, workloads: pa.Table | None) -> Nodes | None:
        rows = self._rows("node_days")
        return None if rows is None else Nodes.of(rows, workloads, self._pool.price.model_dump())

    def _known(self, nodes: Nodes | None) -> Iterator[tuple[Parts, Callable[[str], str]]]:
        """The days of all there is, and how a bill's resource is called there."""
        if nodes is not None:
            yield nodes.parts(self._receivers, self._idle, self._pool.min_coverage), identity
        if (rows := self._rows("volume_days")) is not None:
            yield volumes(rows, self._receivers, self._idle), identity
        if (rows := self._rows("service_days")) is not None:
            yield balancers(rows, self._receivers), balancer

    def _fallback(self, nodes: Nodes | None, left: Sequence[Span]) -> Found:
        """Of spans that no node, volume or load balancer is known for."""
        fallback = self._pool.fallback
        if not isinstance(fallback, str):
            number = self._receivers.number(fallback.team)
            return (
                np.array([span.number for span in left], "int64"),
                np.full(len(left), number),
                np.ones(len(left)),
            )
        if fallback == "cluster" and nodes is not None:
            parts = nodes.whole(self._receivers, self._pool.min_coverage)
            # A line of one cluster, such as its control plane, is that cluster's.
            pairs, _ = parts.paired(left, lambda name: _cluster(name, parts))
            return parts.weights(pairs)
        return np.empty(0, "int64"), np.empty(0, "int64"), np.empty(0)

    def _rows(self, table: str, columns: Sequence[str] = ()) -> pa.Table | None:
        pool = self._pool
        return rows_of(self._asked.batches, table, self._window, pool.sources, pool.clusters, columns)


def _cluster(resource: str, parts: Parts) -> str:
    name = folded(identity(resource)) if resource else ALL_CLUSTERS
    return name if name in parts.days else ALL_CLUSTERS


def _is_daily(span: Span) -> bool:
    return (span.after - span.first).days == 1

"""Nodes: each node's day to the workloads that held or used it, and what is left of it.

A container's weight is the larger of what it requested and what it used, step by step, times the price of
cores and memory beside each other. Source: AWS split cost allocation data,
https://docs.aws.amazon.com/cur/latest/userguide/split-cost-allocation-data.html
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from costwatch.allocation.clusters.owners import TOLD, Receivers
from costwatch.allocation.clusters.parts import Numbers, Parts, by_day, numbers, ordinals, texts
from costwatch.allocation.clusters.resources import identities
from costwatch.model import IDLE, UNMEASURED
from costwatch.model.names import folded

_GIB = 2**30
_MACHINE = ("instance", "provider_id", "node")
_NODE = ("source", "cluster", "node", "instance", "day")
_HELD = ("cpu_core_seconds", "memory_byte_seconds", "gpu_seconds", "gpu_used_seconds")
WORKLOAD_COLUMNS = tuple(dict.fromkeys((*_NODE, *TOLD, *_HELD)))  # those of workload_days that count here
_NO_WORKLOADS = pa.schema([(name, pa.string()) for name in dict.fromkeys((*_NODE, *TOLD))]).empty_table()
ALL_CLUSTERS = ""
_NOTHING = 1e-12  # of a node: parts are whole billionths


@dataclass(frozen=True, slots=True)
class Nodes:
    """Days of nodes, and what share of each its workloads had.

    size: what a day of a node weighs beside another's: price × seconds. coverage: the share of the node's
    life that was measured; NaN where its capacity or all of it is unknown. workloads: ``TOLD`` of those that
    have a node; ``node`` is the number of the day, ``share`` what they had of it. used: the sum of these.
    """

    rows: pa.Table
    day: Numbers
    size: Numbers
    coverage: Numbers
    used: Numbers
    workloads: pa.Table
    node: Numbers
    share: Numbers

    @classmethod
    def of(cls, rows: pa.Table, workloads: pa.Table | None, prices: Mapping[str, float]) -> "Nodes":
        """prices: of a core, a GiB and a GPU, beside each other."""
        worth = _priced(numbers(rows, "cpu_cores"), prices["cpu"])
        worth = worth + _priced(numbers(rows, "memory_bytes") / _GIB, prices["memory"])
        worth = np.nan_to_num(worth + np.nan_to_num(numbers(rows, "gpus")) * prices["gpu"])
        measured, expected = numbers(rows, "measured_seconds"), numbers(rows, "expected_seconds")
        expected = np.where(expected > 0, expected, np.nan_to_num(measured))
        is_known = (worth > 0) & (measured > 0)
        coverage = np.full(rows.num_rows, np.nan)
        np.divide(measured, expected, out=coverage, where=is_known)
        known = _NO_WORKLOADS if workloads is None else workloads
        node = _places(texts(rows, *_NODE), texts(known, *_NODE))
        is_there = node >= 0
        node, weight = node[is_there], _weight(known, prices)[is_there]
        share = np.zeros(len(node))
        held = (worth * np.nan_to_num(measured))[node]
        np.divide(weight, held, out=share, where=is_known[node])
        share[share < _NOTHING] = 0
        used = np.bincount(node, share, minlength=rows.num_rows)
        told = known.select(TOLD).filter(pa.array(is_there))
        return cls(rows, ordinals(rows), _size(worth, expected), coverage, used, told, node, share)

    def parts(self, receivers: Receivers, idle: str, min_coverage: float) -> Parts:
        """Whose each day is. idle: ``keep``, ``share``, or the team that is given what is left."""
        left, clusters = 1 - self.used, self.rows["cluster"].to_pylist()
        is_measured = self.coverage >= min_coverage
        is_shared = is_measured & (self.used > 0) & (idle == "share")
        weight = (self.size / np.where(is_shared, self.used, 1))[self.node] * self.share
        kept = is_measured[self.node] & (weight != 0)
        workloads = self.workloads.filter(pa.array(kept))
        rows = [(self.node[kept], receivers.of(workloads, self.day[self.node[kept]]), weight[kept])]
        # What nothing used can be shared with nobody.
        of_idle = np.flatnonzero(is_measured & ~is_shared & (left != 0))
        to = IDLE if idle in ("keep", "share") else idle
        for team, days, size, workload in (
            (to, of_idle, left * self.size, IDLE),
            (UNMEASURED, np.flatnonzero(~is_measured), self.size, ""),
        ):
            found = [receivers.number(team, cluster=clusters[day] or "", workload=workload) for day in days]
            rows.append((days, np.array(found, "int64"), size[days]))
        return Parts.of(by_day(self._machines(), self.day), self.rows.num_rows, rows)

    def whole(self, receivers: Receivers, min_coverage: float) -> Parts:
        """Days of whole clusters, by name and ``''``: whose the use of all their nodes is, by namespace."""
        kept = (self.coverage >= min_coverage)[self.node] & (self.share > 0)
        node, workloads = self.node[kept], self.workloads.filter(pa.array(kept))
        places = texts(self.rows, "cluster", "day").dictionary_encode().indices.to_numpy().astype("int64")
        _, first = np.unique(places, return_index=True)
        clusters = self.rows["cluster"].take(pa.array(first)).to_pylist()
        days = by_day(({ALL_CLUSTERS, folded(name or "")} for name in clusters), self.day[first])
        receiver = receivers.of(workloads, self.day[node], by_workload=False)
        weight = self.size[node] * self.share[kept]
        return Parts.of(days, len(first), [_summed(places[node], receiver, weight)])

    def days_below(self, min_coverage: float) -> list[str]:
        """Which days of nodes are measured too little to tell."""
        poor = np.flatnonzero(~(self.coverage >= min_coverage))
        return [f"{self._name(n)} on {date.fromordinal(int(self.day[n]))}" for n in poor.tolist()]

    def not_among(self, billed: Set[str], after: date) -> list[str]:
        """Nodes before a day whose machine is none of these identities."""
        newest = after.toordinal()
        rows = enumerate(zip(self._machines(), self.day.tolist(), strict=True))
        free = (n for n, (names, day) in rows if day < newest and not names & billed)
        return [*dict.fromkeys(map(self._name, free))]

    def _name(self, number: int) -> str:
        of = (self.rows[name][number].as_py() for name in ("cluster", "node", "instance"))
        return "/".join(filter(None, of))

    def _machines(self) -> Iterator[set[str]]:
        """By which names a bill may call the machine of each row: where none is known, the node's own."""
        for machine, provider, node in zip(*(self.rows[name].to_pylist() for name in _MACHINE), strict=True):
            yield {*_names(machine), *_names(provider)} or {*_names(node)}


def _names(resource: str | None) -> Iterator[str]:
    return identities(resource) if resource else iter(())


def _priced(amount: Numbers, price: float) -> Numbers:
    """What is worth nothing need not be known."""
    return amount * price if price else np.zeros(len(amount))


def _size(worth: Numbers, seconds: Numbers) -> Numbers:
    """Of a node whose capacity is unknown, as if it were like the others."""
    usual = worth[worth > 0].mean() if (worth > 0).any() else 1.0
    return np.asarray(np.where(worth > 0, worth, usual) * np.where(seconds > 0, seconds, 1))


def _weight(workloads: pa.Table, prices: Mapping[str, float]) -> Numbers:
    """Price × seconds of each row; what is not known of it counts as nothing."""
    cores, memory, requested, used = (np.nan_to_num(numbers(workloads, name)) for name in _HELD)
    gpus = np.maximum(requested, used)
    return np.asarray(cores * prices["cpu"] + memory / _GIB * prices["memory"] + gpus * prices["gpu"])


def _places(of: pa.Array, wanted: pa.Array) -> Numbers:
    """Where each text stands in ``of``; -1 where it does not."""
    return np.asarray(pc.fill_null(pc.index_in(wanted, of), -1).to_numpy(), "int64")


def _summed(number: Numbers, receiver: Numbers, weight: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """The same with one row for each number and receiver."""
    width = int(receiver.max(initial=0)) + 1
    keys, of = np.unique(number * width + receiver, return_inverse=True)
    return keys // width, keys % width, np.bincount(of, weight, minlength=len(keys))

"""Which part of a node a workload had, and so which part of its cost. Pure.

A node's price is that of its parts, GPU : vCPU : GiB = 9 : .9 : .1, scaled to the node; a workload has of
each what it requested or used, whichever was more. Source: AWS, split cost allocation data
(https://docs.aws.amazon.com/cur/latest/userguide/split-cost-allocation-data.html).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

GIB = 2**30

Basis = Literal["bill", "settled", "list"]  # what a cost is taken from: a bill, a settled rate, a list price


class PartPrices(NamedTuple):
    """What a core, a GiB and a GPU cost beside each other; only their ratio counts."""

    cpu: float = 0.9
    memory: float = 0.1
    gpu: float = 9


_AWS = PartPrices()


class NodeKind(NamedTuple):
    """What nodes of one price have in common. capacity_type: ``spot``, ``on-demand`` or ''."""

    instance_type: str
    region: str
    capacity_type: str


class NodeKey(NamedTuple):
    """One node on one UTC day. instance: the resource id that the bill has."""

    day: date
    cluster: str
    node: str
    instance: str


@dataclass(frozen=True, slots=True)
class NodeDay:
    """What a node could give on a day, how long it lived, and for how much of that it was measured."""

    key: NodeKey
    kind: NodeKind
    cpu_cores: float
    memory_bytes: float
    gpus: float
    expected_seconds: float
    measured_seconds: float
    prices: PartPrices = _AWS
    min_coverage: float = 0.5  # measured for less of its time, nobody knows whose it was

    @property
    def is_measured(self) -> bool:
        """Whether enough of its time was measured to say whose it was."""
        return 0 < self.measured_seconds >= self.min_coverage * self.expected_seconds

    def part_costs(self, cost: "NodeCost | None") -> "PartCosts | None":
        """What its parts cost where the node cost so much; None where nobody knows."""
        if cost is None or not self.is_measured:
            return None
        price = self.prices
        per_byte = price.memory / GIB
        whole = price.cpu * self.cpu_cores + per_byte * self.memory_bytes + price.gpu * self.gpus
        scale = cost.nano / (whole * self.measured_seconds) if whole else 0.0
        return PartCosts(price.cpu * scale, per_byte * scale, price.gpu * scale)


class PartCosts(NamedTuple):
    """What a second of one core, one byte and one GPU of a node cost, in nano-units.

    Of all seconds that the parts of a node could have been held, this comes to what the node cost.
    """

    core_second: float
    byte_second: float
    gpu_second: float


@dataclass(frozen=True, slots=True)
class NodeCost:
    """What a node cost on a day, in nano-units, and how that is known."""

    nano: int
    currency: str
    basis: Basis


class WorkloadKey(NamedTuple):
    """One workload on one UTC day. workload_kind: ``deployment``, ``job`` and so on."""

    day: date
    cluster: str
    namespace: str
    workload_kind: str
    workload: str


@dataclass(slots=True)
class WorkloadCost:
    """What a workload's parts of its nodes cost on a day, in nano-units by currency.

    unknown: of how many of its nodes nobody knows what they cost; none known and some unknown: it is unknown.
    instance_type: of the nodes that most of it ran on. labels: those that most of it had.
    """

    nano: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    bases: set[Basis] = field(default_factory=set)
    unknown: int = 0
    running_seconds: float = 0.0
    seconds_by_type: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    seconds_by_labels: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def instance_type(self) -> str:
        """See the class."""
        return _largest(self.seconds_by_type)

    @property
    def labels(self) -> str:
        """See the class."""
        return _largest(self.seconds_by_labels)


def _largest(seconds: Mapping[str, float]) -> str:
    return min(seconds, key=lambda name: (-seconds[name], name), default="")

"""Split ``kubernetes``: the bill's own lines of a cluster's machines to the pods that held or used them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from costwatch.allocation.collected import daily_inputs
from costwatch.allocation.teams import TeamName
from costwatch.model import IDLE, UNMEASURED, Window
from costwatch.plugins import Batches, Input, Settings, SplitSettings, Weighing, Weights

if TYPE_CHECKING:
    from costwatch.allocation.splits.kubernetes.placing import Placed

TABLES = ("node_days", "workload_days", "volume_days", "service_days")
TeamFrom = Literal["label", "namespace label", "namespace"]


class Prices(Settings):
    """What a core, a GiB of memory and a GPU cost beside each other; only their ratio counts."""

    cpu: float = Field(ge=0)
    memory: float = Field(ge=0)
    gpu: float = Field(default=0, ge=0)


# aws: split cost allocation data (9 : 1, and 9 : .9 : .1 with GPUs). opencost: its default prices, which its
# documentation says are based on GCP's us-central1.
PRICES: Mapping[str, Prices] = {
    "aws": Prices(cpu=0.9, memory=0.1, gpu=9),
    "opencost": Prices(cpu=0.031611, memory=0.004237, gpu=0.95),
}


class Receiver(Settings):
    """The team that is given it."""

    team: TeamName


class KubernetesPool(SplitSettings):
    """Each line of a node, volume or load balancer to the teams whose pods held or used it on its days.

    A node's weights are what its containers requested or used, whichever is more, of its cores, memory and
    GPUs; what nothing held or used is ``idle``, below 0 where more was used than there is. A day of which
    less than min_coverage was measured is ``unmeasured``; of others the measured part stands for the whole.
    Volumes go by the time they were mounted, load balancers evenly to their services. What a part is for is
    kept beside it: cluster, namespace, workload and the labels of pods, by which cost can be grouped.

    team_from: where the team of a workload is looked for, in this order. labels: keys of labels of pods and
    namespaces that name it, as tags do. namespaces: namespace -> team, for those that no team is called like.
    sources, clusters: only what was collected by these, or of these. prices: ``aws``, ``opencost``, or
    numbers: what a core (``cpu``), a GiB (``memory``) and a ``gpu`` cost beside each other. idle: ``keep``,
    ``share`` it by weight, or ``{team: platform}``. fallback, of lines without a node, volume or load
    balancer, such as the control plane: ``unmeasured``, ``cluster`` (by all that its nodes were used for), or
    ``{team: platform}``.

    Example::

        - {name: k8s, split: kubernetes, match: {Tags: {eks:cluster-name: prod}}, idle: share,
           fallback: cluster, namespaces: {kube-system: platform}}
    """

    columns: ClassVar[tuple[str, ...]] = ("ResourceId",)

    sources: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    team_from: tuple[TeamFrom, ...] = ("label", "namespace label", "namespace")
    labels: tuple[str, ...] = ("team",)
    namespaces: Mapping[str, TeamName] = Field(default_factory=dict)
    prices: Literal["aws", "opencost"] | Prices = "aws"
    idle: Literal["keep", "share"] | Receiver = "keep"
    fallback: Literal["unmeasured", "cluster"] | Receiver = "unmeasured"
    min_coverage: Annotated[float, Field(ge=0, le=1)] = 0.5

    @property
    def price(self) -> Prices:
        """Of a core, a GiB and a GPU."""
        return PRICES[self.prices] if isinstance(self.prices, str) else self.prices

    def inputs(self, period: Window, batches: Batches) -> Iterator[Input]:
        """See ``Split``: each day of each source; missing are those since its first that are not there."""
        return daily_inputs("Kubernetes usage", TABLES, self.sources, period, batches)

    def weighed_by(self, team: str) -> str:
        """See ``SplitSettings``."""
        core, gib = self.price.cpu, self.price.memory
        ratio = f"vCPU : GiB = {core / gib:.3g} : 1" if gib else "vCPU only"
        if team == IDLE:
            return f"what no pod requested or used, {ratio}"
        if team == UNMEASURED:
            least = f"{self.min_coverage * 100:g} %"
            return f"no node known, or less than {least} of its day measured"
        return f"max(request, usage) of pods, {ratio}"

    def weights(self, asked: Weighing) -> Weights:
        """See ``Split``."""
        return self._placed(asked).weights()

    def notes(self, asked: Weighing) -> Iterator[str]:
        """Machines of the bill that no cluster knows, nodes that no line is of, and days hardly measured."""
        return self._placed(asked).notes()

    def _placed(self, asked: Weighing) -> "Placed":
        # Here: numpy and Arrow are not needed to read a configuration.
        from costwatch.allocation.splits.kubernetes.placing import Placed

        return Placed(self, asked)

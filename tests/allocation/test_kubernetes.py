"""Split ``kubernetes``: answers worked out by hand, from what was collected to shares of the bill's lines."""

import json
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest

from costwatch.allocation.clusters.resources import balancer, identities, identity
from costwatch.allocation.splits.kubernetes import KubernetesPool
from costwatch.allocation.weighing import weigh
from costwatch.model import Window
from costwatch.plugins import Span
from costwatch.testing import FakeBatches, a_weighing
from tests.made.collected_usage import DAY, HOUR, Row, collected, mounted, node, service, used

CORES_ONLY = {"prices": {"cpu": 1, "memory": 0}}
TEAMS = ("risk", "payments", "platform", "a", "b", "c", "t1", "t2", "t3", "t4")
NAMES = {team: [(date.min, team)] for team in TEAMS}


def pool(**settings: Any) -> KubernetesPool:
    return KubernetesPool.model_validate({"name": "k8s", "split": "kubernetes", **settings})


def shares(
    batches: FakeBatches, resource: str = "i-0aaa", days: int = 1, names: Any = NAMES, **settings: Any
) -> dict[str, float]:
    """What each team and residual gets of one dollar of a resource's line."""
    span = Span(7, DAY, DAY + timedelta(days=days), "USD", (resource,))
    asked = a_weighing(spans=[span], teams=TEAMS, names=names, batches=batches, carried=())
    rows = weigh(pool(**settings), asked, (), ()).to_pylist()
    total = sum(row["weight"] for row in rows)
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        found[row["team"]] += row["weight"] / total
    return dict(found)


def usage(*workloads: Row, nodes: list[Row] | None = None) -> FakeBatches:
    return collected(node_days=nodes or [node()], workload_days=workloads or [used("a")])


P3 = node(64, 488, gpus=8.0)
G5 = node(8, 32, gpus=1.0)
WORKED = {
    "m5.xlarge: 2 vCPU and 2 GiB": (usage(used("a", 2, 2)), {}, {"a": 0.384615, "idle": 0.615385}),
    "m5.xlarge: a core": (usage(used("a", 1)), {}, {"a": 0.173077, "idle": 0.826923}),
    "m5.xlarge: a GiB": (usage(used("a", gib=1)), {}, {"a": 0.0192308, "idle": 0.9807692}),
    "p3.16xlarge: a GPU": (
        usage(used("a", gpus=1), nodes=[P3]), {}, {"a": 0.0504484, "idle": 0.9495516},
    ),
    "p3.16xlarge: a core": (usage(used("a", 1), nodes=[P3]), {}, {"a": 0.00504484, "idle": 0.99495516}),
    "p3.16xlarge: a GiB": (usage(used("a", gib=1), nodes=[P3]), {}, {"a": 0.000560538, "idle": 0.999439462}),
    "g5.2xlarge sliced by 12, four pods": (
        usage(*(used(f"t{n}", gpus=1 / 12) for n in range(1, 5)), nodes=[G5]),
        {},
        {**{f"t{n}": 0.046856 / 1.212 for n in range(1, 5)}, "idle": 1.024577 / 1.212},
    ),
    "OpenCost's prices": (
        usage(used("a", 4)),
        {"prices": "opencost"},
        {"a": 0.126444 / 0.194236, "idle": 0.067792 / 0.194236},
    ),
    "k01: capacity is the node's, whatever was seen of it": (
        usage(used("a", 2), used("b", 1)), CORES_ONLY, {"a": 0.5, "b": 0.25, "idle": 0.25},
    ),
    "k02: one core, however many tell it": (usage(used("a", 1)), CORES_ONLY, {"a": 0.25, "idle": 0.75}),
    "k04: a sidecar counts": (usage(used("a", 1.5)), CORES_ONLY, {"a": 0.375, "idle": 0.625}),
    "k08: a job for ten minutes, and a pod that waits for its image": (
        usage(used("a", 2, hours=1 / 6), used("b", 1)), CORES_ONLY,
        {"a": 0.083333, "b": 0.25, "idle": 0.666667},
    ),
    "k10: resized from 1 to 3 cores": (
        usage(used("a", 1, hours=0.5), used("a", 3, hours=0.5)), CORES_ONLY, {"a": 0.5, "idle": 0.5},
    ),
    "k11: two cores for 90 seconds": (
        usage(used("a", 2, hours=90 / 3600)), CORES_ONLY, {"a": 0.0125, "idle": 0.9875},
    ),
    "more used than there is: idle is below nothing": (
        usage(used("a", 3), used("b", 3)), CORES_ONLY, {"a": 0.75, "b": 0.75, "idle": -0.5},
    ),
    "idle shared by weight": (
        usage(used("a", 0.28), used("b", 0.36), used("c", 0.18), nodes=[node(1.12)]),
        {**CORES_ONLY, "idle": "share"},
        {"a": 0.382439 / 1.12, "b": 0.491707 / 1.12, "c": 0.245854 / 1.12},
    ),
    "idle shared where more was used than there is": (
        usage(used("a", 3), used("b", 3)), {**CORES_ONLY, "idle": "share"}, {"a": 0.5, "b": 0.5},
    ),
    "idle given to a team": (
        usage(used("a", 1)), {**CORES_ONLY, "idle": {"team": "platform"}}, {"a": 0.25, "platform": 0.75},
    ),
    "nothing ran: all is idle, though it would be shared": (
        usage(used("a", 0)), {**CORES_ONLY, "idle": "share"}, {"idle": 1},
    ),
    "half of the hour was measured: it stands for all of it": (
        usage(used("a", 2, hours=0.5), nodes=[node(measured_seconds=HOUR / 2)]),
        CORES_ONLY,
        {"a": 0.5, "idle": 0.5},
    ),
    "less than half was measured": (
        usage(used("a", 2, hours=0.4), nodes=[node(measured_seconds=0.4 * HOUR)]), {}, {"unmeasured": 1},
    ),
    "nothing is known of the node's memory": (
        usage(used("a", 2), nodes=[node(memory_bytes=None)]), {}, {"unmeasured": 1},
    ),
    "memory is worth nothing, and need not be known": (
        usage(used("a", 2), nodes=[node(memory_bytes=None)]), CORES_ONLY, {"a": 0.5, "idle": 0.5},
    ),
    "a node whose machine is not told is called as it is itself": (
        usage(
            used("a", 2, node="i-0aaa", instance=""),
            nodes=[node(node="i-0aaa", instance="", provider_id="")],
        ),
        CORES_ONLY,
        {"a": 0.5, "idle": 0.5},
    ),
    "nobody's namespace": (usage(used("x", 4)), CORES_ONLY, {"unallocated": 1}),
    "another machine of the bill": (
        usage(used("a", 4, instance="i-0bbb"), nodes=[node(instance="i-0bbb", provider_id="")]), {}, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("batches", "settings", "expected"), WORKED.values(), ids=WORKED)
def test_a_node_is_split(batches: FakeBatches, settings: Any, expected: dict[str, float]) -> None:
    found = shares(batches, **settings)
    assert found == pytest.approx(expected, abs=1e-6)


def label(**labels: str) -> dict[str, str]:
    return {"labels": json.dumps(labels, sort_keys=True, separators=(",", ":"))}


OWNERS: dict[str, tuple[Row, dict[str, Any], str]] = {
    "by its pods' label": (used("a", 1, **label(team="Risk")), {}, "risk"),
    "by the label of its namespace": (used("x", 1, **label(**{"namespace:team": "b"})), {}, "b"),
    "by its pods' label before its namespace's": (
        used("x", 1, **label(**{"namespace:team": "b", "team": "c"})), {}, "c"),
    "by its namespace's name": (used("Payments", 1), {}, "payments"),
    "by its namespace's team in the file": (
        used("kube-system", 1), {"namespaces": {"kube-system": "platform"}}, "platform"),
    "by what the file says before the namespace's name": (used("a", 1), {"namespaces": {"a": "b"}}, "b"),
    "by a label that names nobody, and then its namespace": (used("a", 1, **label(team="who")), {}, "a"),
    "by another label": (used("x", 1, **label(**{"app.kubernetes.io/part_of": "b"})),
                         {"labels": ["app.kubernetes.io/part-of"]}, "b"),
    "by a node's label not": (used("x", 1, **label(**{"node:team": "b"})), {}, "unallocated"),
    "by labels only": (used("a", 1), {"team_from": ["label"]}, "unallocated"),
    "by labels that are none": (used("a", 1, labels="{"), {}, "a"),
}  # fmt: skip


@pytest.mark.parametrize(("workload", "settings", "team"), OWNERS.values(), ids=OWNERS)
def test_a_workload_is_whose(workload: Row, settings: Any, team: str) -> None:
    found = shares(usage(workload), **CORES_ONLY, **settings)
    assert found == pytest.approx({team: 0.25, "idle": 0.75})


def test_a_workload_is_who_has_its_name_on_the_day() -> None:
    moves = {**NAMES, "fraud": [(date.min, "a"), (DAY + timedelta(days=1), "b")]}
    second = DAY + timedelta(days=1)
    batches = usage(
        used("fraud", 1), used("fraud", 1, day=second), nodes=[node(), node(day=second, cpu_cores=2.0)]
    )
    found = shares(batches, days=2, names=moves, prices={"cpu": 1, "memory": 0})
    # Of two days of a node that had 4 and then 2 cores: a third is the second's.
    assert found == pytest.approx({"a": 2 / 3 / 4, "b": 1 / 3 / 2, "idle": 1 - 2 / 12 - 2 / 12})


TAGS = {
    "a workload": (used("a", 4, **label(**{"app": "x", "namespace:team": "b", "node:pool": "c"})),
                   {"cluster": "prod", "label:app": "x", "namespace": "a", "workload": "deployment/api"}),
    "a pod of no workload": (used("a", 4, workload_kind="pod", workload="p-1"),
                             {"cluster": "prod", "namespace": "a", "workload": "pod/p-1"}),
    "what is idle": (used("a", 0), {"cluster": "prod", "workload": "idle"}),
}  # fmt: skip


@pytest.mark.parametrize(("workload", "tags"), TAGS.values(), ids=TAGS)
def test_a_part_tells_what_it_is_for(workload: Row, tags: dict[str, str]) -> None:
    asked = a_weighing(keys=[("i-0aaa",)], batches=usage(workload), names=NAMES, teams=TEAMS)
    (found, *_) = weigh(pool(**CORES_ONLY), asked, (), ()).to_pylist()
    assert found["AllocatedTags"] == json.dumps(tags, separators=(",", ":"))


VOLUME = "arn:aws:ec2:us-east-1:100000000001:volume/vol-0aaa"
UNUSED = mounted("a", 0, workload="", workload_kind="", idle_seconds=HOUR)
VOLUMES = {
    "k05: unmounted for an hour, by A for two, by B with it for one": (
        [mounted("a", 2, shared_seconds=1.5 * HOUR), mounted("b", 1, shared_seconds=0.5 * HOUR), UNUSED],
        {}, {"a": 3 / 6, "b": 1 / 6, "idle": 2 / 6}),
    "what is idle, shared": (
        [mounted("a", 2, shared_seconds=1.5 * HOUR), mounted("b", 1, shared_seconds=0.5 * HOUR), UNUSED],
        {"idle": "share"}, {"a": 0.75, "b": 0.25}),
    "what is idle, a team's": (
        [mounted("a", 2), UNUSED], {"idle": {"team": "platform"}}, {"a": 2 / 3, "platform": 1 / 3}),
    "shared time that is not told, by the time it was mounted": (
        [mounted("a", 3), mounted("b", 1)], {}, {"a": 0.75, "b": 0.25}),
    "never mounted": ([mounted("a", 0, workload="", idle_seconds=3 * HOUR)], {}, {"idle": 1}),
    "another volume": ([mounted("a", 3, volume="vol-0bbb")], {}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "settings", "expected"), VOLUMES.values(), ids=VOLUMES)
def test_a_volume_is_split(rows: list[Row], settings: Any, expected: dict[str, float]) -> None:
    batches = collected(node_days=[node()], workload_days=[used("a")], volume_days=rows)
    assert shares(batches, VOLUME, **settings) == pytest.approx(expected)


ELB = "arn:aws:elasticloadbalancing:us-east-1:100000000001:loadbalancer"
HOST = "k8s-web-0123456789-abcdef0123456789.elb.us-east-1.amazonaws.com"
BALANCERS = {
    "a network balancer": (f"{ELB}/net/k8s-web-0123456789/abcdef0123456789", HOST),
    "an application balancer": (
        f"{ELB}/app/Shop/50dc6c495c0c9188",
        "shop-1234567.us-east-1.elb.amazonaws.com",
    ),
    "an internal one": (f"{ELB}/net/shop/50dc", "internal-shop-50dc.elb.us-east-1.amazonaws.com"),
    "a classic one": (f"{ELB}/shop", "shop-1234567.us-east-1.elb.amazonaws.com"),
}


@pytest.mark.parametrize(("arn", "host"), BALANCERS.values(), ids=BALANCERS)
def test_a_load_balancer_is_split_evenly_over_its_services(arn: str, host: str) -> None:
    rows = [service("a", host), service("b", host), service("b", host, service="api"), service("c", "other")]
    batches = collected(node_days=[node()], service_days=rows)
    assert shares(batches, arn) == pytest.approx({"a": 1 / 3, "b": 2 / 3})
    assert shares(batches, f"{ELB}/net/k8s-web/abcdef0123456789") == {}


FALLBACK = {
    "unmeasured by default": ({}, {}),
    "a team's": ({"fallback": {"team": "platform"}}, {"platform": 1}),
    "by what the whole cluster was used for": ({"fallback": "cluster"}, {"a": 0.25, "b": 0.75}),
}


@pytest.mark.parametrize(("settings", "expected"), FALLBACK.values(), ids=FALLBACK)
@pytest.mark.parametrize("resource", ["", "vol-0root", "arn:aws:eks:us-east-1:1:cluster/prod", "i-0zzz"])
def test_a_line_of_nothing_known_falls_back(resource: str, settings: Any, expected: Any) -> None:
    batches = usage(used("a", 1), used("b", 3))
    assert shares(batches, resource, **CORES_ONLY, **settings) == pytest.approx(expected)


def test_a_month_before_the_first_that_was_collected_waits_for_nothing() -> None:
    before = Window.of_days(DAY - timedelta(days=30), DAY)
    inputs = [*pool().inputs(before, usage(used("a", 1)))]
    assert [each for each in inputs if not each.version] == []


def test_a_control_plane_is_its_cluster_s() -> None:
    other = {"cluster": "dev", "node": "n2", "instance": "i-0bbb"}
    batches = usage(used("a", 1), used("b", 1, **other), nodes=[node(), node(**other)])
    asked = {"fallback": "cluster", **CORES_ONLY}
    assert shares(batches, "arn:aws:eks:us-east-1:1:cluster/dev", **asked) == {"b": 1}
    assert shares(batches, "arn:aws:eks:us-east-1:1:cluster/x", **asked) == {"a": 0.5, "b": 0.5}
    assert shares(batches, "i-0bbb", clusters=["prod"]) == {}
    assert shares(batches, "i-0aaa", sources=["other"]) == {}


AZURE = "/subscriptions/S/resourceGroups/MC_x/providers/Microsoft.Compute/virtualMachineScaleSets/aks-1"
GOOGLE = "//compute.googleapis.com/projects/P/zones/us-central1-a/instances/gke-n1"
SAME = {
    "an instance": ("i-0aaa", "aws:///us-east-1a/i-0aaa"),
    "an instance by its ARN": ("arn:aws:ec2:us-east-1:1:instance/i-0aaa", "aws:///us-east-1a/i-0aaa"),
    "a machine of a scale set, however it is written": (
        f"{AZURE.upper()}/virtualMachines/0", f"azure://{AZURE.lower()}/virtualmachines/0"),
    "a scale set": (AZURE, f"azure://{AZURE}/virtualMachines/0"),
    "Google's": (GOOGLE, "gce://p/us-central1-a/gke-n1"),
    "Google's by its bare name": ("gke-n1", "gce://p/us-central1-a/gke-n1"),
}  # fmt: skip
OTHERS = {
    "a part of another's id": ("i-0aaa", "aws:///us-east-1a/i-0aaa1"),
    "another scale set": (f"{AZURE}0", f"azure://{AZURE}/virtualMachines/0"),
    "the same name in another project": (GOOGLE, "gce://q/us-central1-a/gke-n1"),
}


@pytest.mark.parametrize(("bill", "provider_id"), SAME.values(), ids=SAME)
def test_the_bill_names_a_node(bill: str, provider_id: str) -> None:
    assert identity(bill) in {*identities(provider_id)}


@pytest.mark.parametrize(("bill", "provider_id"), OTHERS.values(), ids=OTHERS)
def test_the_bill_names_another(bill: str, provider_id: str) -> None:
    assert identity(bill) not in {*identities(provider_id)}


def test_a_balancer_that_is_no_name_of_aws_is_itself() -> None:
    assert balancer("203.0.113.9") == "203.0.113.9"


def test_what_neither_knows_of_the_other_is_noted() -> None:
    nodes = [
        node(),
        node(node="n2", instance="i-0bbb", provider_id=""),
        node(node="n3", measured_seconds=9.0),
    ]
    asked = a_weighing(
        spans=[
            Span(0, DAY, DAY + timedelta(days=1), "USD", (name,)) for name in ("i-0aaa", "i-0ccc", "", "x")
        ],
        batches=usage(nodes=nodes),
    )
    lost, unbilled, poor = pool().notes(asked)
    assert "no cluster knows 1 machine or disk of the bill, i-0ccc;" in lost
    assert "no line of the bill is of 1 node, prod/n2/i-0bbb;" in unbilled
    assert "1 of 3 days of nodes were measured for less than 50%" in poor
    assert "prod/n3/i-0aaa on 2026-10-01" in poor


def test_its_inputs_are_the_days_that_were_collected_and_those_that_are_missing() -> None:
    third = DAY + timedelta(days=2)
    batches = collected(
        node_days=[node(day=third), node(day=DAY + timedelta(days=4))], workload_days=[used("a")]
    )
    found = [*pool().inputs(Window.of_days(DAY, DAY + timedelta(days=6)), batches)]
    missing = {each.window.start.day for each in found if not each.version}
    assert missing == {4, 6}  # the first two were before anything was collected
    assert {each.name for each in found} == {"node_days of k8s", "workload_days of k8s"}
    (nothing,) = pool().inputs(Window.of_days(DAY, third), FakeBatches())
    assert nothing.version == ""

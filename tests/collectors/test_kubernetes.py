"""What becomes of what clusters tell: a table of small clusters, each for one rule."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.made.kubernetes_told import (
    MIDNIGHT,
    POD,
    C,
    Told,
    capacity,
    core_hours,
    cpu,
    day_of,
    phase,
    request,
    tables_of,
    told,
)

HOUR = "1x12"
N1 = [capacity("4x12")]
NEXT = {**POD, "uid": "u2"}
INIT = {**C, "container": "init"}
UID = "0a1b2c3d-1111-2222-3333-444455556666"


def starts(at: float, labels: Mapping[str, str] = POD, name: str = "kube_pod_start_time") -> Told:
    """At seconds after midnight; told all hour."""
    return told(name, labels, f"{MIDNIGHT + at}x12")


def info(node: str = "n1", labels: Mapping[str, str] = POD, **owner: str) -> Told:
    return told("kube_pod_info", {**labels, "node": node, **owner}, HOUR)


def node_info(provider: str, values: str = HOUR, node: str = "n1", **at: float) -> Told:
    return told("kube_node_info", {"node": node, "provider_id": provider}, values, **at)


def init(cores: str) -> Told:
    labels = {**INIT, "node": "n1", "resource": "cpu"}
    return told("kube_pod_init_container_resource_requests", labels, cores)


def init_policy(policy: str) -> Told:
    return told("kube_pod_init_container_info", {**INIT, "restart_policy": policy}, HOUR)


CORES: dict[str, tuple[list[Told], dict[str, float]]] = {
    "a request of one core for an hour is one core-hour": (
        [*N1, request(HOUR)],
        {"a-1": 1.0},
    ),
    "usage above the request counts, step by step": (
        [*N1, request(HOUR), cpu("0 0 900 900 1800 1800 2700 2700 3600 3600 4500 4500")],
        {"a-1": (7 * 300 + 5 * 900) / 3600},  # 3 cores in every other step, nothing in the others
    ),
    "what two kube-state-metrics and another exporter tell counts once": (
        [
            *N1,
            request(HOUR, {**C, "instance": "10.0.0.7:8080", "job": "ksm"}),
            request(HOUR, {**C, "instance": "10.0.0.9:8080", "job": "ksm"}),
            request(HOUR, {**C, "instance": "10.0.0.5:9003", "job": "opencost"}),
        ],
        {"a-1": 1.0},
    ),
    "what another exporter tells without a uid is of the pod of that name": (
        [*N1, request(HOUR), request(HOUR, {"namespace": "a", "pod": "a-1", "container": "c"})],
        {"a-1": 1.0},
    ),
    "a pod that succeeded holds nothing, though it is still told of": (
        [*N1, request(HOUR), phase("Running", "1x6 0x6"), phase("Succeeded", "0x6 1x6")],
        {"a-1": 0.5},
    ),
    "a pod that failed holds nothing": (
        [*N1, request(HOUR), phase("Running", "1x3 0x9"), phase("Failed", "0x3 1x9")],
        {"a-1": 0.25},
    ),
    "a pod that waits for its image holds its node": (
        [*N1, request(HOUR), phase("Pending", HOUR), phase("Running", "0x12")],
        {"a-1": 1.0},
    ),
    "a pod without a node holds none": (
        [*N1, request(HOUR, {**C, "pod": "b-1", "uid": "u9"}), request("8x12", C, node="")],
        {"b-1": 1.0},
    ),
    "a pod holds its node from when it got one": (
        [*N1, request("8x6", C, node=""), request("8x6", since=1800), phase("Pending", HOUR)],
        {"a-1": 4.0},
    ),
    "a phase is never told of at all: what is requested counts": (
        [*N1, request("2x6")],
        {"a-1": 1.0},
    ),
    "a job of ninety seconds counts ninety seconds": (
        [
            *N1,
            request("2", since=660),
            phase("Running", "1", since=660),
            told("kube_pod_start_time", POD, str(MIDNIGHT + 620), since=720),
            told("kube_pod_completion_time", POD, str(MIDNIGHT + 710), since=720),
        ],
        {"a-1": 0.05},
    ),
    "a job that came and went between two samples of its phase counts": (
        [
            *N1,
            request("2x2"),
            phase("Succeeded", "1x2"),
            starts(20),
            starts(110, name="kube_pod_completion_time"),
        ],
        {"a-1": 0.05},
    ),
    "seen once, with neither start nor end known, it counts a minute and never a step": (
        [*N1, request("2", since=660), phase("Running", "1", since=660)],
        {"a-1": round(2 / 60, 9)},
    ),
    "seen once, without a phase, it counts a minute as well": (
        [*N1, request("2", since=660)],
        {"a-1": round(2 / 60, 9)},
    ),
    "a pod that is deleted counts as far as its samples go": (
        [*N1, request("1x25", every=60), phase("Running", "1x23", every=60)],
        {"a-1": round(23 / 60, 9)},
    ),
    "a container that ended among others that run does not end its pod": (
        [
            *N1,
            request(HOUR),
            phase("Running", HOUR),
            starts(-900),
            starts(60, name="kube_pod_completion_time"),
        ],
        {"a-1": 1.0},
    ),
    "a pod that was not seen for a while was there in between": (
        [*N1, request("1x4 _x4 1x4"), phase("Running", "1x4 _x4 1x4")],
        {"a-1": 1.0},
    ),
    "without uids, a name that was gone for a while is another pod": (
        [
            *N1,
            request("1x4 _x4 1x4", {"namespace": "a", "pod": "a-1", "container": "c"}),
        ],
        {"a-1": round(8 / 12, 9)},
    ),
    "a request that is resized counts as it was": (
        [*N1, request("1x6 3x6")],
        {"a-1": 2.0},
    ),
    "a native sidecar counts like any container": (
        [*N1, request(HOUR), init("0.5x12"), init_policy("Always")],
        {"a-1": 1.5},
    ),
    "an init container that is over counts nothing": (
        [*N1, request(HOUR), init("2x12"), init_policy("")],
        {"a-1": 1.0},
    ),
    "an init container counts while it runs": (
        [
            *N1,
            request(HOUR),
            init("2x12"),
            init_policy(""),
            told("kube_pod_init_container_status_running", INIT, "1x15 0x45", every=60),
        ],
        {"a-1": 1.5},
    ),
    "version 1 of kube-state-metrics has names by resource, and no uid": (
        [
            told("kube_node_status_capacity_cpu_cores", {"node": "n1"}, "4x12"),
            told(
                "kube_pod_container_resource_requests_cpu_cores",
                {"namespace": "a", "pod": "a-1", "container": "c", "node": "n1"},
                HOUR,
            ),
        ],
        {"a-1": 1.0},
    ),
    "without a request its use counts": (
        [
            *N1,
            request(HOUR, {**C, "pod": "b-1", "uid": "u9"}),
            info(),
            phase("Running", HOUR),
            cpu("0+60x11"),
        ],
        {"a-1": 660 / 3600, "b-1": 1.0},
    ),
    "cgroups of pods and the pause container are no containers": (
        [
            *N1,
            request(HOUR),
            cpu("0+600x11", {**POD, "id": "/kubepods/pod1"}),
            cpu("0+600x11", {**C, "container": "POD", "id": "/kubepods/pod1/pause"}),
        ],
        {"a-1": 1.0},
    ),
    "the kubelet's two endpoints tell the same use": (
        [*N1, request("0.01x12"), cpu("0+300x11"), cpu("0+300x11", {**C, "id": "", "cpu": ""})],
        {"a-1": round((11 * 300 + 3) / 3600, 9)},
    ),
    "of a counter for each core all count, unless there is a total": (
        [
            *N1,
            request("0.01x12"),
            cpu("0+150x11", {**C, "cpu": "cpu00"}),
            cpu("0+150x11", {**C, "cpu": "cpu01"}),
        ],
        {"a-1": round((11 * 300 + 3) / 3600, 9)},
    ),
    "what a pod used is told by the uid in its cgroup, though the name is back": (
        [
            *N1,
            request("1x12", {**C, "uid": UID}),
            request("1x12", {**C, "uid": "u2"}),
            cpu("0+600x11", {**C, "id": f"/kubepods/burstable/pod{UID}/abc"}),
        ],
        {"a-1": round((2 * 11 * 300 + 300 + 3600) / 3600, 9)},
    ),
    "a pod of the same name on another node is another pod": (
        [
            capacity("4x12"),
            capacity("4x12", "n2"),
            request("1x6", {"namespace": "a", "pod": "a-1", "container": "c"}),
            request("2x6", {"namespace": "a", "pod": "a-1", "container": "c"}, "n2", since=1800),
        ],
        {"a-1": 1.5},
    ),
    "while nothing is told of the cluster nothing counts": (
        [capacity("4x4 _x4 4x4"), request("1x4 _x4 1x4")],
        {"a-1": round(8 / 12, 9)},
    ),
    "what a counter grew by while nobody looked is spread": (
        [
            capacity("4x4 _x4 4x4"),
            request("0x4 _x4 0x4"),
            cpu("0+60x3 _x4 540+60x3"),
        ],
        {"a-1": 0.12},  # 6 steps of 60, and a fifth of the 360 of five
    ),
    "a counter that fell began again": (
        [*N1, request("0x12"), cpu("0+60x5 30+60x5")],
        {"a-1": round((5 * 60 + 30 + 5 * 60) / 3600, 9)},
    ),
    "a container that began again is another cgroup, from zero": (
        [
            *N1,
            request("0x12"),
            cpu("0+60x5"),
            cpu("_x6 45+60x5", {**C, "id": "/kubepods/y"}),
        ],
        {"a-1": round((5 * 60 + 45 + 5 * 60) / 3600, 9)},
    ),
    "a counter of which too much is new for its node is not believed": (
        [*N1, request("0x12"), cpu("0+60x11"), cpu("_x6 9000 9060 9120", {**C, "id": "/kubepods/y"})],
        {"a-1": round((11 * 60 + 2 * 60) / 3600, 9)},
    ),
    "what is told in thousandths of cores is": (
        [*N1, request("500x12", {**C, "unit": "millicore"}), request("0.5x12", {**C, "unit": "core"})],
        {"a-1": 0.5},
    ),
    "a scrape that calls the node by its address tells use all the same": (
        [*N1, request("0x12"), cpu("0+60x11", {**C, "node": "10.0.0.7"})],
        {"a-1": 660 / 3600},
    ),
    "what a new pod used counts from its start": (
        [*N1, request("_x2 0x10"), starts(600), cpu("_x2 100+60x9")],
        {"a-1": round(640 / 3600, 9)},
    ),
}


@pytest.mark.parametrize(("series", "expected"), CORES.values(), ids=CORES)
def test_core_hours(series: list[Told], expected: Mapping[str, float]) -> None:
    found = core_hours(tables_of(series)["pod_hours"])
    assert found == {pod: pytest.approx(hours, abs=2e-9) for pod, hours in expected.items()}


def test_the_worked_answer_of_a_request_of_one_core_and_usage_of_none_then_three() -> None:
    series = [capacity("4x3"), request("1x3"), cpu("5 5 905")]
    rows = tables_of(series, hours=1)["pod_hours"]
    of_two_steps = (rows[0]["cpu_core_seconds"] - 300) / 600  # the first step has the request alone
    assert of_two_steps == 2.0
    assert rows[0]["cpu_used_cores_max"] == 3.0


def one(rows: Sequence[Mapping[str, Any]], *columns: str) -> tuple[Any, ...]:
    (row,) = rows
    return tuple(row[column] for column in columns)


AWS = "aws:///us-east-1a/i-0aaa"
SEEN = ("instance", "cpu_cores", "expected_seconds", "measured_seconds")
NODES: dict[str, tuple[list[Told], list[tuple[Any, ...]]]] = {
    "what a node has holds for the steps in which nobody told it": (
        [capacity("4x2"), request(HOUR), node_info(AWS, "1x2")],
        [("i-0aaa", 4.0, 3600.0, 3600.0)],
    ),
    "what a node had the day before holds where nothing else is known": (
        [
            told("kube_node_status_capacity", {"node": "n1", "resource": "cpu"}, "4", since=-7200),
            node_info(AWS, "1", since=-7200),
            request(HOUR),
        ],
        [("i-0aaa", 4.0, 3600.0, 3600.0)],
    ),
    "a gap is expected and not measured": (
        [capacity("4x4 _x4 4x4"), node_info(AWS, "1x4 _x4 1x4")],
        [("i-0aaa", 4.0, 3600.0, 2400.0)],
    ),
    "a name that is back is another node": (
        [
            capacity("4x4 _x4 8x4"),
            node_info(AWS, "1x4"),
            node_info("aws:///us-east-1a/i-0bbb", "1x4", since=2400),
            request(HOUR, C, "n2"),
        ],
        [("", None, 3600.0, 3600.0), ("i-0aaa", 4.0, 1200.0, 1200.0), ("i-0bbb", 8.0, 1200.0, 1200.0)],
    ),
    "a node counts from when it was made": (
        [*N1, told("kube_node_created", {"node": "n1"}, f"{MIDNIGHT + 100}x12")],
        [("", 4.0, 3500.0, 3500.0)],
    ),
    "a node that was there before the day was there in its gap at midnight": (
        [capacity("_x4 4x8"), told("kube_node_created", {"node": "n1"}, f"_x4 {MIDNIGHT - 9e5}x8")],
        [("", 4.0, 3600.0, 2400.0)],
    ),
    "a node that is there the day after was there in the day's last gap": (
        [capacity("4x12"), told("kube_node_info", {"node": "n1"}, "1", since=90_000)],
        [("", 4.0, 86400.0, 3600.0)],
    ),
    "without a provider's id, a node that is called after its instance is it": (
        [capacity("4x12", "i-0123456789abcdef0.eu-west-1.compute.internal")],
        [("i-0123456789abcdef0", 4.0, 3600.0, 3600.0)],
    ),
    "an exporter that knows no provider's id does not take it away": (
        [*N1, node_info(AWS), node_info("")],
        [("i-0aaa", 4.0, 3600.0, 3600.0)],
    ),
    "two exporters that tell what a node has tell it once": (
        [*N1, told("kube_node_status_capacity", {"node": "n1", "resource": "cpu", "job": "other"}, "4x12")],
        [("", 4.0, 3600.0, 3600.0)],
    ),
}


@pytest.mark.parametrize(("series", "expected"), NODES.values(), ids=NODES)
def test_nodes(series: list[Told], expected: list[tuple[Any, ...]]) -> None:
    rows = tables_of(series)["node_days"]
    assert sorted(tuple(row[column] for column in SEEN) for row in rows) == sorted(expected, key=str)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"label_karpenter_sh_capacity_type": "spot"}, "spot"),
        ({"label_eks_amazonaws_com_capacity_type": "ON_DEMAND"}, "on-demand"),
        ({"label_cloud_google_com_gke_spot": "true"}, "spot"),
        ({"label_kubernetes_azure_com_scalesetpriority": "regular"}, "on-demand"),
        ({}, ""),
    ],
    ids=["Karpenter", "EKS", "GKE", "AKS", "nobody says"],
)
def test_what_a_node_is_bought_as(labels: Mapping[str, str], expected: str) -> None:
    own = {"node": "n1", "label_node_kubernetes_io_instance_type": "m5.xlarge", **labels}
    series = [*N1, node_info(AWS), told("kube_node_labels", own, HOUR)]
    columns = ("capacity_type", "instance_type", "region", "provider_id")
    assert one(tables_of(series)["node_days"], *columns) == (expected, "m5.xlarge", "us-east-1", AWS)


def gpu(count: str, resource: str = "nvidia_com_gpu", labels: Mapping[str, str] = C) -> Told:
    return request(count, labels, resource=resource)


def gpu_labels(**labels: str) -> Told:
    return told(
        "kube_node_labels", {"node": "n1", **{f"label_nvidia_com_{k}": v for k, v in labels.items()}}, HOUR
    )


def dcgm(values: str, metric: str = "DCGM_FI_DEV_GPU_UTIL", **labels: str) -> Told:
    return told(metric, {"UUID": "GPU-1", "Hostname": "n1", **labels}, values)


PLAIN = {"namespace": "a", "pod": "a-1", "container": "c"}
EXPORTED = {f"exported_{name}": value for name, value in PLAIN.items()}
EXPORTER = {"namespace": "gpu-operator", "pod": "dcgm-exporter-x2x4x", "container": "exporter"}
GPUS: dict[str, tuple[list[Told], tuple[float, float, float | None]]] = {
    "a whole GPU": (
        [capacity("8x12", resource="nvidia_com_gpu"), gpu("1x12")],
        (8.0, 3600.0, None),
    ),
    "one that is sliced in twelve is one": (
        [
            capacity("12x12", resource="nvidia_com_gpu"),
            gpu("1x12"),
            gpu_labels(gpu_count="1", gpu_replicas="12"),
        ],
        (1.0, 300.0, None),
    ),
    "a slice of another name": (
        [
            capacity("12x12", resource="nvidia_com_gpu_shared"),
            gpu("3x12", "nvidia_com_gpu_shared"),
            gpu_labels(gpu_count="1", gpu_replicas="12"),
        ],
        (1.0, 900.0, None),
    ),
    "seven parts by MIG are one": (
        [capacity("7x12", resource="nvidia_com_mig_1g_5gb"), gpu("1x12", "nvidia_com_mig_1g_5gb")],
        (1.0, round(3600 / 7, 6), None),
    ),
    "two parts of three slices by MIG are one": (
        [capacity("2x12", resource="nvidia_com_mig_3g_20gb"), gpu("1x12", "nvidia_com_mig_3g_20gb")],
        (1.0, 1800.0, None),
    ),
    "parts by MIG that are called GPUs": (
        [
            capacity("7x12", resource="nvidia_com_gpu"),
            gpu("1x12"),
            gpu_labels(gpu_count="7", gpu_product="A100-SXM4-40GB-MIG-1g.5gb"),
        ],
        (1.0, round(3600 / 7, 6), None),
    ),
    "use by percent, with the exporter's labels moved aside": (
        [capacity("1x12", resource="nvidia_com_gpu"), gpu("1x12"), dcgm("50x12", **EXPORTED, **EXPORTER)],
        (1.0, 3600.0, 1800.0),
    ),
    "use by percent, with the container's own labels": (
        [capacity("1x12", resource="nvidia_com_gpu"), gpu("1x12"), dcgm("50x12", **PLAIN)],
        (1.0, 3600.0, 1800.0),
    ),
    "one form until noon and the other one after": (
        [
            capacity("1x12", resource="nvidia_com_gpu"),
            gpu("1x12"),
            dcgm("50x6", **EXPORTED),
            dcgm("_x6 100x6", **PLAIN),
        ],
        (1.0, 3600.0, 2700.0),
    ),
    "a GPU that nobody has is not the exporter's": (
        [
            capacity("2x12", resource="nvidia_com_gpu"),
            gpu("1x12"),
            dcgm("50x12", **EXPORTED, **EXPORTER),
            dcgm("90x12", **{**EXPORTER, "UUID": "GPU-2"}),
            info("n1", {**EXPORTER, "uid": "ux"}),
        ],
        (2.0, 3600.0, 1800.0),
    ),
    "of two metrics of one GPU the finer one counts": (
        [
            capacity("1x12", resource="nvidia_com_gpu"),
            gpu("1x12"),
            dcgm("50x12", **PLAIN),
            dcgm("0.25x12", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", **PLAIN),
        ],
        (1.0, 3600.0, 900.0),
    ),
    "what is used without a request, as by dynamic resource allocation, counts": (
        [capacity("1x12", resource="nvidia_com_gpu"), request("1x12"), dcgm("50x12", **PLAIN)],
        (1.0, 1800.0, 1800.0),
    ),
}


@pytest.mark.parametrize(("series", "expected"), GPUS.values(), ids=GPUS)
def test_gpus(series: list[Told], expected: tuple[float, float, float | None]) -> None:
    tables = tables_of(series)
    (node,), (pod,) = tables["node_days"], tables["pod_hours"]
    found = (node["gpus"], pod["gpu_seconds"], pod["gpu_used_seconds"])
    assert found == (expected[0], pytest.approx(expected[1]), expected[2])


def owner(kind: str, name: str) -> Told:
    labels = {**POD, "owner_kind": kind, "owner_name": name, "owner_is_controller": "true"}
    return told("kube_pod_owner", labels, HOUR)


def above(metric: str, label: str, name: str, kind: str, parent: str) -> Told:
    return told(metric, {"namespace": "a", label: name, "owner_kind": kind, "owner_name": parent}, HOUR)


OWNERS: dict[str, tuple[list[Told], tuple[str, str]]] = {
    "a replica set's is its deployment's": (
        [
            owner("ReplicaSet", "api-7d9f"),
            above("kube_replicaset_owner", "replicaset", "api-7d9f", "Deployment", "api"),
        ],
        ("deployment", "api"),
    ),
    "a replica set of which nothing is told is called after its deployment": (
        [owner("ReplicaSet", "my-api-6d49cb8b4f")],
        ("deployment", "my-api"),
    ),
    "a replica set that nobody owns is a workload": (
        [
            owner("ReplicaSet", "api-6d49cb8b4f"),
            above("kube_replicaset_owner", "replicaset", "api-6d49cb8b4f", "<none>", "<none>"),
        ],
        ("replicaset", "api-6d49cb8b4f"),
    ),
    "a rollout's is the rollout's": (
        [owner("ReplicaSet", "x-1"), above("kube_replicaset_owner", "replicaset", "x-1", "Rollout", "x")],
        ("rollout", "x"),
    ),
    "a job's is its cron job's": (
        [
            owner("Job", "report-29371389"),
            above("kube_job_owner", "job_name", "report-29371389", "CronJob", "report"),
        ],
        ("cronjob", "report"),
    ),
    "a job by itself": ([owner("Job", "import")], ("job", "import")),
    "a stateful set": ([owner("StatefulSet", "db")], ("statefulset", "db")),
    "a static pod is called without its node": ([owner("Node", "1")], ("pod", "a")),
    "nobody's": ([owner("<none>", "<none>")], ("pod", "a-1")),
    "what kube_pod_info says, where owners are not told": (
        [info(created_by_kind="DaemonSet", created_by_name="agent")],
        ("daemonset", "agent"),
    ),
}


@pytest.mark.parametrize(("series", "expected"), OWNERS.values(), ids=OWNERS)
def test_workloads(series: list[Told], expected: tuple[str, str]) -> None:
    rows = tables_of([*N1, request(HOUR), *series])["workload_days"]
    assert one(rows, "workload_kind", "workload", "pods") == (*expected, 1)


def test_labels_are_those_that_are_listed_of_pod_namespace_and_node() -> None:
    series = [
        *N1,
        request(HOUR),
        told(
            "kube_pod_labels",
            {**POD, "label_team": "risk", "label_app_kubernetes_io_name": "api", "label_x": "y"},
            HOUR,
        ),
        told("kube_pod_annotations", {**POD, "annotation_cost_center": "7"}, HOUR),
        told("kube_namespace_labels", {"namespace": "a", "label_team": "räte"}, HOUR),
        told("kube_node_labels", {"node": "n1", "label_node_pool": "gpu", "label_other": "z"}, HOUR),
    ]
    listed = {
        "pod_labels": ["team", "app.kubernetes.io/name"],
        "pod_annotations": ["costCenter"],
        "namespace_labels": ["team"],
        "node_labels": ["nodePool"],
    }
    tables = tables_of(series, **listed)
    text = one(tables["pod_hours"], "labels")[0]
    assert text == (
        '{"annotation:costCenter":"7","app.kubernetes.io/name":"api","namespace:team":"räte",'
        '"node:nodePool":"gpu","team":"risk"}'
    )
    assert one(tables["workload_days"], "labels") == (text,)
    assert json.loads(one(tables["node_days"], "labels")[0]) == {"node:nodePool": "gpu"}
    assert one(tables_of(series)["pod_hours"], "labels") == ("",)


def claim(pod: str) -> Told:
    labels = {"namespace": "a", "pod": pod, "uid": f"u-{pod}", "persistentvolumeclaim": "data"}
    return told("kube_pod_spec_volumes_persistentvolumeclaims_info", labels, HOUR)


def volume(**handle: str) -> list[Told]:
    bound = {"namespace": "a", "persistentvolumeclaim": "data", "volumename": "pv-1"}
    return [
        told("kube_persistentvolumeclaim_info", bound, HOUR),
        told("kube_persistentvolume_info", {"persistentvolume": "pv-1", **handle}, HOUR),
        told("kube_persistentvolume_capacity_bytes", {"persistentvolume": "pv-1"}, "1073741824x12"),
    ]


def runs(pod: str, values: str) -> Told:
    return phase("Running", values, {"namespace": "a", "pod": pod, "uid": f"u-{pod}"})


CSI = {"csi_volume_handle": "vol-0aaa"}
VOLUMES: dict[str, tuple[list[Told], list[tuple[str, float, float, float]]]] = {
    "two that mount a volume at the same time share it": (
        [claim("A"), claim("B"), runs("A", "0x4 1x8"), runs("B", "0x8 1x4"), *volume(**CSI)],
        [("", 0.0, 0.0, 1200.0), ("A", 2400.0, 1800.0, 0.0), ("B", 1200.0, 600.0, 0.0)],
    ),
    "a pod that does not run mounts nothing": (
        [claim("A"), phase("Pending", HOUR, {"namespace": "a", "pod": "A", "uid": "u-A"}), *volume(**CSI)],
        [("", 0.0, 0.0, 3600.0)],
    ),
    "the claim of another namespace is another one": (
        [runs("A", HOUR), claim("A"), *volume(**CSI)[1:]],
        [("", 0.0, 0.0, 3600.0)],
    ),
}


@pytest.mark.parametrize(("series", "expected"), VOLUMES.values(), ids=VOLUMES)
def test_volumes(series: list[Told], expected: list[tuple[str, float, float, float]]) -> None:
    rows = tables_of(series)["volume_days"]
    columns = ("workload", "mounted_seconds", "shared_seconds", "idle_seconds")
    assert sorted(tuple(row[column] for column in columns) for row in rows) == expected
    assert {(row["volume"], row["capacity_bytes"], row["expected_seconds"]) for row in rows} == {
        ("vol-0aaa", 2.0**30, 3600.0)
    }


@pytest.mark.parametrize(
    ("handle", "expected"),
    [
        ({"ebs_volume_id": "aws://us-east-1a/vol-0aaa"}, "vol-0aaa"),
        ({"csi_volume_handle": "fs-0aaa::fsap-1"}, "fs-0aaa"),
        ({"csi_volume_handle": "projects/p/zones/z/disks/pvc-1"}, "pvc-1"),
        ({"csi_volume_handle": "/subscriptions/s/disks/d"}, "/subscriptions/s/disks/d"),
        ({}, ""),
    ],
    ids=["the old EBS plugin", "EFS", "GCE", "Azure", "no cloud's"],
)
def test_what_the_provider_calls_a_volume(handle: Mapping[str, str], expected: str) -> None:
    assert one(tables_of(volume(**handle))["volume_days"], "volume") == (expected,)


def test_a_load_balancer_is_of_the_services_that_it_is_told_of() -> None:
    labels = {"namespace": "a", "service": "web", "hostname": "lb.example"}
    series = [
        told("kube_service_status_load_balancer_ingress", labels, HOUR),
        told("kube_service_status_load_balancer_ingress", {**labels, "instance": "other"}, HOUR),
        told("kube_namespace_labels", {"namespace": "a", "label_team": "risk"}, HOUR),
    ]
    rows = tables_of(series, namespace_labels=["team"])["service_days"]
    columns = ("load_balancer", "service", "seconds", "labels")
    assert one(rows, *columns) == ("lb.example", "web", 3600.0, '{"namespace:team":"risk"}')


def reason(values: str) -> Told:
    name = "kube_pod_container_status_last_terminated_reason"
    return told(name, {**C, "reason": "OOMKilled"}, values, since=-300)


OOM: dict[str, tuple[list[Told], int]] = {
    "killed once": ([reason("_x4 1x9")], 1),
    "killed before the day": ([reason("1x13")], 0),
    "killed again and again": (
        [reason("_x4 1x9"), told("kube_pod_container_status_restarts_total", C, "0x4 1x3 3x6", since=-300)],
        3,
    ),
    "never killed, though it began again": (
        [told("kube_pod_container_status_restarts_total", C, "0x4 1x9", since=-300)],
        0,
    ),
}


@pytest.mark.parametrize(("series", "expected"), OOM.values(), ids=OOM)
def test_containers_killed_for_their_memory(series: list[Told], expected: int) -> None:
    assert one(tables_of([*N1, request(HOUR), *series])["pod_hours"], "oom_kills") == (expected,)


def memory(values: str) -> Told:
    return told("container_memory_working_set_bytes", {**PLAIN, "id": "/x"}, values)


def test_memory_is_the_larger_of_what_is_requested_and_used_and_knows_its_limit() -> None:
    limit = {**C, "node": "n1", "resource": "memory"}
    series = [
        *N1,
        request("100x12", resource="memory"),
        memory("50x6 300x6"),
        told("kube_pod_container_resource_limits", limit, "400x12"),
    ]
    columns = ("requested_byte_seconds", "used_byte_seconds", "byte_seconds", "used_bytes_max", "limit_bytes")
    found = one(tables_of(series)["pod_hours"], *(f"memory_{column}" for column in columns))
    assert found == (360_000.0, 630_000.0, 720_000.0, 300.0, 400.0)


def test_memory_in_mebibytes_is_bytes() -> None:
    series = [*N1, request("2x12", {**C, "unit": "mebibyte"}, resource="memory"), request("0x12")]
    assert one(tables_of(series)["pod_hours"], "memory_requested_byte_seconds") == (2 * 2**20 * 3600.0,)


def test_what_is_not_measured_is_unknown_and_not_nothing() -> None:
    columns = ("cpu_used_core_seconds", "memory_used_byte_seconds", "gpu_used_seconds", "memory_limit_bytes")
    row = tables_of([*N1, request(HOUR)])["pod_hours"]
    assert one(row, *columns, "cpu_used_cores_max") == (None,) * 5
    only_used = tables_of([*N1, info(), phase("Running", HOUR), cpu("0+60x11")])["pod_hours"]
    assert one(only_used, "cpu_requested_core_seconds", "cpu_core_seconds") == (None, 660.0)


def test_two_clusters_on_one_server_are_two() -> None:
    series = [
        (name, {**labels, "cluster": cluster}, samples)
        for cluster in ("east", "west")
        for name, labels, samples in [*N1, request(HOUR)]
    ]
    tables = tables_of([*series, *N1, request("2x12")])
    assert core_hours(tables["pod_hours"], "cluster") == {"east": 1.0, "west": 1.0, "k8s": 2.0}
    assert len(tables["node_days"]) == 3


def test_rows_lie_in_their_hours_and_in_order() -> None:
    series = [
        capacity("4x24"),
        *(request("1x18", {**C, "pod": pod, "uid": pod}, since=900) for pod in ("b", "a")),
    ]
    rows = tables_of(series)["pod_hours"]
    assert [(row["pod"], row["hour"].hour, row["running_seconds"]) for row in rows] == [
        ("a", 0, 2700.0),
        ("a", 1, 2700.0),
        ("b", 0, 2700.0),
        ("b", 1, 2700.0),
    ]


def test_a_day_of_which_nothing_is_told_has_no_rows() -> None:
    assert day_of([]).is_empty
    assert all(not rows for rows in tables_of([]).values())
    _: Callable[[], object] = day_of([*N1]).lives.held.sum  # and one with nodes only has no pods
    assert tables_of([*N1])["pod_hours"] == []

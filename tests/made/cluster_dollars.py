"""What a demo's cluster pools come to, worked out from its files alone: lines of the bill, hours of pods."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

POOLS = {  # by eks:cluster-name and eks:nodegroup-name: who carries what nobody measured
    "prod-cluster": ("prod", "", "platform"),
    "research-serving": ("research", "serving", "ml-platform"),
    "research-training": ("research", "training", "ml-platform"),
}
TEAMS = {
    "kube-system": "platform",
    "monitoring": "platform",
    "training": "ml-platform",
    "risk-research": "risk",
}
CORE, GIB, GPU = 0.9, 0.1 / 2**30, 9.0  # what they cost beside each other

Shares = Mapping[tuple[date, str], Mapping[str, Fraction]]  # day, resource -> team -> share
Dollars = Mapping[tuple[str, str, date], Fraction]  # pool, team, day -> EffectiveCost in nano-dollars


def listed_files(folder: Path) -> list[str]:
    """The files that the manifests list, found under the folder by what follows ``data/``."""
    manifests = sorted((folder / "export" / "metadata").glob("BILLING_PERIOD=*/*-Manifest.json"))
    uris = [uri for path in manifests for uri in json.loads(path.read_text(encoding="utf-8"))["dataFiles"]]
    assert all(uri.startswith("s3://") for uri in uris)
    return [str(folder / "export" / "data" / uri.split("/data/")[1]) for uri in uris]


def cluster_dollars(folder: Path) -> Dollars:
    """Of all that was delivered."""
    shares = {cluster: _shares(folder / "usage" / cluster) for cluster in ("prod", "research")}
    found: dict[tuple[str, str, date], Fraction] = defaultdict(Fraction)
    names = ["ResourceId", "EffectiveCost", "ChargePeriodStart", "Tags"]
    for path in listed_files(folder):
        for line in pq.read_table(path, columns=names).to_pylist():
            tags, day = dict(line["Tags"]), line["ChargePeriodStart"].date()
            for pool, (cluster, nodegroup, owner) in POOLS.items():
                if tags.get("eks:cluster-name") != cluster:
                    continue
                if nodegroup and tags.get("eks:nodegroup-name") != nodegroup:
                    continue
                resource = line["ResourceId"].rpartition("/")[2]
                whole = round(line["EffectiveCost"] * 1e9)
                for team, share in shares[cluster].get((day, resource), {owner: Fraction(1)}).items():
                    found[pool, team, day] += whole * share
    return found


def _shares(folder: Path) -> Shares:
    found: dict[tuple[date, str], dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    nodes = pq.read_table(folder / "node_days").to_pandas()
    capacity = CORE * nodes.cpu_cores + GIB * nodes.memory_bytes + GPU * nodes.gpus
    room = dict(zip(zip(nodes.day, nodes.instance, strict=True), capacity * 86_400, strict=True))
    pods = pq.read_table(folder / "pod_hours").to_pandas()
    cores = np.maximum(pods.cpu_requested_core_seconds, pods.cpu_used_core_seconds)
    memory = np.maximum(pods.memory_requested_byte_seconds, pods.memory_used_byte_seconds)
    gpus = np.maximum(pods.gpu_seconds, pods.gpu_used_seconds)
    pods["weight"] = CORE * cores + GIB * memory + GPU * gpus
    pods["team"] = pods.namespace.map(lambda name: TEAMS.get(name, name))
    pods.loc[pods.workload == "feature-sync", "team"] = "feature-store"  # by its label
    pods["day"] = pods.hour.dt.date
    for (day, node, team), weight in pods.groupby(["day", "instance", "team"]).weight.sum().items():
        found[day, node][team] = Fraction(weight) / Fraction(room[day, node])
    for of_node in found.values():
        of_node["idle"] = 1 - sum(of_node.values())
        assert of_node["idle"] > 0
    for row in pq.read_table(folder / "volume_days").to_pylist():
        found[row["day"], row["volume"]] = {TEAMS.get(row["namespace"], row["namespace"]): Fraction(1)}
    for row in pq.read_table(folder / "service_days").to_pylist():
        balancer = row["load_balancer"].partition(".")[0].rpartition("-")[0]
        found[row["day"], balancer][row["namespace"]] = Fraction(1, 2)
    return found

"""What a demo's cluster pools come to, worked out from its files alone: lines of the bill, hours of pods."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

TEAMS = {
    "kube-system": "platform",
    "monitoring": "platform",
    "training": "ml-platform",
    "risk-research": "risk",
}
CORE, GIB, GPU = 0.9, 0.1 / 2**30, 9.0  # what they cost beside each other

Shares = Mapping[tuple[date, str], Mapping[str, Fraction]]  # day, resource -> team -> share
Dollars = Mapping[tuple[str, str, date], Fraction]  # cluster, team, day -> EffectiveCost in nano-dollars


def listed_files(folder: Path) -> list[str]:
    """The files that the manifests list, found under the folder by what follows ``data/``."""
    manifests = sorted((folder / "export" / "metadata").glob("BILLING_PERIOD=*/*-Manifest.json"))
    uris = [uri for path in manifests for uri in json.loads(path.read_text(encoding="utf-8"))["dataFiles"]]
    assert all(uri.startswith("s3://") for uri in uris)
    return [str(folder / "export" / "data" / uri.split("/data/")[1]) for uri in uris]


def cluster_dollars(folder: Path) -> Dollars:
    """Of all that was delivered."""
    shares = _shares(folder / "usage")
    found: dict[tuple[str, str, date], Fraction] = defaultdict(Fraction)
    names = ["ResourceId", "EffectiveCost", "ChargePeriodStart", "Tags"]
    for path in listed_files(folder):
        for line in pq.read_table(path, columns=names).to_pylist():
            if cluster := dict(line["Tags"]).get("eks:cluster-name"):
                resource, day = line["ResourceId"].rpartition("/")[2], line["ChargePeriodStart"].date()
                whole = round(line["EffectiveCost"] * 1e9)
                for team, share in shares[day, resource].items():
                    found[cluster, team, day] += whole * share
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

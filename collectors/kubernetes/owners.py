"""Which workload a pod is of: what a person wrote, not what a controller made of it."""

import re
from collections.abc import Iterable

from collectors.kubernetes.grid import Labels

# https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go: letters of a template's hash
_REPLICASET = re.compile(r"(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}")
_CRON_RUN = re.compile(r"(.+)-\d{8,10}")

Owner = tuple[str, str]  # kind, in small letters, and name
_NOBODY = ("", "<none>")


class Owners:
    """Kind and name of the workload of each pod."""

    def __init__(self, pods: Iterable[Labels], replicasets: Iterable[Labels], jobs: Iterable[Labels]) -> None:
        """pods: of ``kube_pod_owner``, or of ``kube_pod_info``, which says ``created_by_kind``."""
        self._pods: dict[tuple[str, str, str, str], Owner] = {}
        for labels in sorted(pods, key=lambda each: each.get("owner_is_controller", "") != "true"):
            name = (labels["cluster"], labels.get("namespace", ""), labels.get("pod", ""))
            if owner := _owner(labels, "owner") or _owner(labels, "created_by"):
                self._pods.setdefault((*name, labels.get("uid", "")), owner)
                self._pods.setdefault((*name, ""), owner)
        self._above = {("replicaset", *key): owner for key, owner in _by_name(replicasets, "replicaset")}
        self._above |= {("job", *key): owner for key, owner in _by_name(jobs, "job_name")}

    def of(self, cluster: str, namespace: str, pod: str, uid: str) -> Owner:
        """The workload; a pod that has none is its own."""
        kind, owner = self._of_pod(cluster, namespace, pod, uid)
        if kind == "node":  # a static pod is called after its node
            return "pod", pod.removesuffix(f"-{owner}")
        return self._top(kind, cluster, namespace, owner)

    def job(self, cluster: str, namespace: str, pod: str, uid: str) -> str:
        """The Job that made a pod; '' where none did."""
        kind, owner = self._of_pod(cluster, namespace, pod, uid)
        return owner if kind == "job" else ""

    def of_job(self, cluster: str, namespace: str, job: str) -> Owner:
        """The workload of a Job: its CronJob, else itself."""
        return self._top("job", cluster, namespace, job)

    def _of_pod(self, cluster: str, namespace: str, pod: str, uid: str) -> Owner:
        name = (cluster, namespace, pod)
        return self._pods.get((*name, uid)) or self._pods.get((*name, "")) or ("pod", pod)

    def _top(self, kind: str, cluster: str, namespace: str, owner: str) -> Owner:
        above = self._above.get((kind, cluster, namespace, owner))
        return above or _guessed(kind, owner) or (kind, owner)


def _by_name(rows: Iterable[Labels], label: str) -> Iterable[tuple[tuple[str, str, str], Owner | None]]:
    for labels in rows:
        name = (labels["cluster"], labels.get("namespace", ""), labels.get(label, ""))
        kind = "replicaset" if label == "replicaset" else "job"
        yield name, _owner(labels, "owner") or (kind, name[-1])


def _owner(labels: Labels, prefix: str) -> Owner | None:
    kind, name = labels.get(f"{prefix}_kind", ""), labels.get(f"{prefix}_name", "")
    return None if kind in _NOBODY or name in _NOBODY else (kind.lower(), name)


def _guessed(kind: str, name: str) -> Owner | None:
    """What the name of a controller's object says of the one above it, where nothing else does."""
    if kind == "replicaset" and (found := _REPLICASET.fullmatch(name)):
        return "deployment", found[1]
    if kind == "job" and (found := _CRON_RUN.fullmatch(name)):
        return "cronjob", found[1]
    return None

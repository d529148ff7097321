"""Advice as what to type: a line for kubectl, and lines for a manifest. Pure.

Names come from a cluster's metrics, and whoever runs pods there writes them. What Kubernetes would not take
for a name goes into no line; what it would take is quoted for where it goes all the same.
"""

import json
import re
import shlex
from collections.abc import Iterable

from costwatch.savings.quantities import cpu_text, memory_text
from costwatch.savings.rightsizing import Advice
from costwatch.wording import printable

# Those whose pod template can be changed while they are there. Source:
# https://kubernetes.io/docs/reference/kubectl/generated/kubectl_set/kubectl_set_resources/
_CHANGED_IN_PLACE = frozenset(
    ("cronjob", "daemonset", "deployment", "replicaset", "replicationcontroller", "statefulset")
)
# Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def kubectl_line(of: Advice) -> str:
    """``kubectl set resources …`` for a shell, on one line; '' where there is nothing to say or no such line.

    There is none for what is not changed but made anew, such as a job.
    """
    container = of.container
    names = (container.namespace, container.workload, container.name)
    if container.workload_kind not in _CHANGED_IN_PLACE or not all(map(_NAME.fullmatch, names)):
        return ""
    requests, limits = _resources(of)
    if not requests:
        return ""
    words = [
        f"{container.workload_kind}/{container.workload}",
        f"--namespace={container.namespace}",
        f"--containers={container.name}",
        f"--requests={_pairs(requests)}",
        *([f"--limits={_pairs(limits)}"] if limits else []),
    ]
    return shlex.join(["kubectl", "set", "resources", *words])


def kubectl_lines(advised: Iterable[Advice]) -> list[str]:
    """The lines of each cluster below its name as a remark: kubectl changes the one that it is pointed at."""
    by_cluster: dict[str, list[str]] = {}
    for each in advised:
        if line := kubectl_line(each):
            by_cluster.setdefault(each.container.cluster, []).append(line)
    return [line for name, lines in by_cluster.items() for line in (printable(f"# cluster {name}"), *lines)]


def yaml_lines(of: Advice) -> str:
    """The container's part of a manifest; '' where there is nothing to say, or it has no name for one."""
    requests, limits = _resources(of)
    if not requests or not _NAME.fullmatch(of.container.name):
        return ""
    lines = [f"- name: {json.dumps(of.container.name)}", "  resources:", *_yaml("requests", requests)]
    return "\n".join([*lines, *(_yaml("limits", limits) if limits else [])])


def _resources(of: Advice) -> tuple[dict[str, str], dict[str, str]]:
    """Requests and limits to set; none where they are so already."""
    cpu, memory = of.cpu, of.memory
    requests = {}
    if cpu.advised is not None and cpu.advised != cpu.requested:
        requests["cpu"] = cpu_text(cpu.advised)
    if memory.advised is not None and memory.advised != memory.requested:
        requests["memory"] = memory_text(memory.advised)
    return requests, {} if of.memory_limit is None else {"memory": memory_text(of.memory_limit)}


def _pairs(amounts: dict[str, str]) -> str:
    return ",".join(f"{name}={amount}" for name, amount in amounts.items())


def _yaml(key: str, amounts: dict[str, str]) -> list[str]:
    return [f"    {key}:", *(f"      {name}: {json.dumps(amount)}" for name, amount in amounts.items())]

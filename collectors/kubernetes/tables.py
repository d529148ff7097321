"""What the collector brings: pod-hours in the ledger, and what is small, day by day, in the warehouse.

Each window is one UTC day, and all tables of a day come from one reading of it. Unknown is null, never 0.
``labels`` is the same text everywhere: JSON, with sorted keys and no blanks, of the labels that the
configuration lists; '' where there are none. A pod's label is written bare (``app``), a namespace's
``namespace:team``, a node's ``node:pool``; annotations follow ``annotation:``, as in
``namespace:annotation:owner``.
"""

from collections.abc import Mapping

from costwatch.plugins.tables import ColumnType, Table

SUMS: Mapping[str, ColumnType] = {
    "running_seconds": "real",  # in phase Running; what is pending holds what it asks for, too
    "cpu_requested_core_seconds": "real",
    "cpu_used_core_seconds": "real",
    "cpu_core_seconds": "real",  # of the larger one, step by step
    "memory_requested_byte_seconds": "real",
    "memory_used_byte_seconds": "real",
    "memory_byte_seconds": "real",
    "gpu_seconds": "real",  # requested, in whole GPUs: a twelfth each where one is sliced in twelve
    "gpu_used_seconds": "real",
}
_PEAKS: Mapping[str, ColumnType] = {
    "cpu_used_cores_max": "real",  # the highest mean of a step
    "memory_used_bytes_max": "real",
    "memory_limit_bytes": "real",
    "oom_kills": "integer",
}
_OWNER: Mapping[str, ColumnType] = {
    "workload_kind": "text",  # deployment, statefulset, daemonset, job, cronjob, … in small letters, or pod
    "workload": "text",
    "labels": "text",
}
_NODE: Mapping[str, ColumnType] = {
    "cluster": "text",
    "node": "text",
    "instance": "text",  # the resource id in the bill, from provider_id; '' where it is not known
}

POD_HOURS = Table(
    "pod_hours",
    {
        "hour": "instant",
        **_NODE,
        "namespace": "text",
        "pod": "text",
        "uid": "text",
        "container": "text",
        **_OWNER,
        **SUMS,
        **_PEAKS,
    },
    store="ledger",
)

NODE_DAYS = Table(
    "node_days",
    {
        "day": "day",
        **_NODE,
        "provider_id": "text",
        "instance_type": "text",
        "region": "text",
        "capacity_type": "text",  # spot, on-demand, or ''
        "cpu_cores": "real",
        "memory_bytes": "real",
        "gpus": "real",  # physical ones, however many are advertised
        "expected_seconds": "real",  # how long the node lived that day
        "measured_seconds": "real",  # of these, for how long the server has samples of its pods
        "labels": "text",
    },
)

WORKLOAD_DAYS = Table(
    "workload_days",
    {
        "day": "day",
        **_NODE,
        "namespace": "text",
        **_OWNER,
        "pods": "integer",  # distinct uids
        **SUMS,
    },
)

VOLUME_DAYS = Table(
    "volume_days",
    {
        "day": "day",
        "cluster": "text",
        "volume": "text",  # as the provider calls it, such as vol-0123
        "persistentvolume": "text",
        "persistentvolumeclaim": "text",
        "namespace": "text",
        **_OWNER,
        "mounted_seconds": "real",  # by this workload's running pods, each counted
        "shared_seconds": "real",  # its part of them, evenly between all that mount it at the same time
        "capacity_bytes": "real",
        "expected_seconds": "real",  # how long the volume existed
        "idle_seconds": "real",  # it existed and nobody mounted it; on the row without a workload
    },
)

SERVICE_DAYS = Table(
    "service_days",
    {
        "day": "day",
        "cluster": "text",
        "load_balancer": "text",  # the host name or the address of its ingress
        "namespace": "text",
        "service": "text",
        "labels": "text",
        "seconds": "real",
    },
)

JOB_DAYS = Table(
    "job_days",
    {
        "day": "day",
        "cluster": "text",
        "namespace": "text",
        "job": "text",
        **_OWNER,  # the CronJob of a run, else the Job itself; labels of its pods: a row for each set of them
        "started_at": "instant",
        "ended_at": "instant",  # null while it runs, and where nobody told
        "outcome": "text",  # at the end of the day: succeeded, failed, running or unknown
        "pods": "integer",
        "running_seconds": "real",
        "cpu_core_seconds": "real",
        "gpu_seconds": "real",
    },
)

TABLES = (POD_HOURS, NODE_DAYS, WORKLOAD_DAYS, VOLUME_DAYS, SERVICE_DAYS, JOB_DAYS)

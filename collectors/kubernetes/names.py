"""What the metrics are called: kube-state-metrics 2 and 1, cAdvisor, NVIDIA's DCGM exporter.

Sources: https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics,
https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md and
https://github.com/NVIDIA/dcgm-exporter.
"""

from collections.abc import Mapping

_KSM = "kube_pod_container_resource_"
_INIT = "kube_pod_init_container_resource_"

NAMES: Mapping[str, tuple[str, ...]] = {
    "requests": (f"{_KSM}requests", f"{_KSM}requests_cpu_cores", f"{_KSM}requests_memory_bytes"),
    "limits": (f"{_KSM}limits", f"{_KSM}limits_memory_bytes"),
    "init_requests": (f"{_INIT}requests", f"{_INIT}requests_cpu_cores", f"{_INIT}requests_memory_bytes"),
    "init_info": ("kube_pod_init_container_info",),
    "init_running": ("kube_pod_init_container_status_running",),
    "phase": ("kube_pod_status_phase",),
    "pod_info": ("kube_pod_info",),
    "start": ("kube_pod_start_time",),
    "completion": ("kube_pod_completion_time",),
    "oom": (
        "kube_pod_container_status_last_terminated_reason",
        "kube_pod_container_status_terminated_reason",
    ),
    "restarts": ("kube_pod_container_status_restarts_total",),
    "pod_owner": ("kube_pod_owner",),
    "replicaset_owner": ("kube_replicaset_owner",),
    "job_owner": ("kube_job_owner",),
    "job_start": ("kube_job_status_start_time",),
    "job_completion": ("kube_job_status_completion_time",),
    "job_complete": ("kube_job_complete",),
    "job_failed": ("kube_job_failed",),
    "job_failures": ("kube_job_status_failed",),
    "job_active": ("kube_job_status_active",),
    "pod_labels": ("kube_pod_labels",),
    "pod_annotations": ("kube_pod_annotations",),
    "namespace_labels": ("kube_namespace_labels",),
    "namespace_annotations": ("kube_namespace_annotations",),
    "node_labels": ("kube_node_labels",),
    "node_info": ("kube_node_info",),
    "node_created": ("kube_node_created",),
    "capacity": (
        "kube_node_status_capacity",
        "kube_node_status_capacity_cpu_cores",
        "kube_node_status_capacity_memory_bytes",
    ),
    "mounts": ("kube_pod_spec_volumes_persistentvolumeclaims_info",),
    "claims": ("kube_persistentvolumeclaim_info",),
    "volumes": ("kube_persistentvolume_info",),
    "volume_capacity": ("kube_persistentvolume_capacity_bytes",),
    "load_balancers": ("kube_service_status_load_balancer_ingress",),
    "cpu_used": ("container_cpu_usage_seconds_total",),
    "memory_used": ("container_memory_working_set_bytes",),
    "gpu_active": ("DCGM_FI_PROF_GR_ENGINE_ACTIVE",),  # 0 to 1, and the only one of the two that MIG has
    "gpu_utilization": ("DCGM_FI_DEV_GPU_UTIL",),  # percent
}

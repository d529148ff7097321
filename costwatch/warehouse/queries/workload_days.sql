-- What workloads had of nodes on days, node by node. Of a part that nobody measured, nothing can be counted.
-- In the order of WorkloadDay.
SELECT day, coalesce(cluster, '') AS cluster, coalesce(node, '') AS node, coalesce(instance, '') AS instance,
  coalesce(namespace, '') AS namespace, coalesce(workload_kind, '') AS workload_kind,
  coalesce(workload, '') AS workload, coalesce(labels, '') AS labels,
  coalesce(running_seconds, 0) AS running_seconds, coalesce(cpu_core_seconds, 0) AS cpu_core_seconds,
  coalesce(memory_byte_seconds, 0) AS memory_byte_seconds, coalesce(gpu_seconds, 0) AS gpu_seconds
FROM x_workload_days
WHERE source IN (SELECT source FROM source_version WHERE table_name = 'workload_days')
  AND window_start >= :window_start AND window_start < :window_end

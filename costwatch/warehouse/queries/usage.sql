-- What was requested and used on days from :first up to :after, of each group of one grain.
SELECT g.cluster, g.namespace, g.workload_kind, g.workload, g.labels,
  SUM(d.cpu_requested_core_seconds) AS cpu_requested,
  SUM(d.cpu_requested_with_use) AS cpu_with_use,
  SUM(d.cpu_used_core_seconds) AS cpu_used,
  SUM(d.cpu_core_seconds) AS cpu,
  SUM(d.memory_requested_byte_seconds) AS memory_requested,
  SUM(d.memory_requested_with_use) AS memory_with_use,
  SUM(d.memory_used_byte_seconds) AS memory_used,
  SUM(d.memory_byte_seconds) AS memory,
  SUM(d.gpu_seconds) AS gpu_requested,
  SUM(d.gpu_requested_with_use) AS gpu_with_use,
  SUM(d.gpu_used_seconds) AS gpu_used
FROM usage_group g NOT INDEXED  -- by id, as they are grouped
CROSS JOIN usage_day d ON d.usage_group = g.id AND d.day >= :first AND d.day < :after
WHERE g.grain = :grain
GROUP BY g.id

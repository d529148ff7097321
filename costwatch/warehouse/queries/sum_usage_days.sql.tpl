-- The days of one grain, of what is stored of the workloads.
INSERT INTO usage_day
SELECT g.id, w.day,
  w.cpu_requested, w.cpu_with_use, w.cpu_used, w.cpu,
  w.memory_requested, w.memory_with_use, w.memory_used, w.memory,
  w.gpu_requested, w.gpu_with_use, w.gpu_used
FROM (
  SELECT source, {named},
    CAST(replace(substr(window_start, 1, 10), '-', '') AS INTEGER) AS day,
    SUM(cpu_requested_core_seconds) AS cpu_requested,
    SUM(cpu_requested_core_seconds) FILTER (WHERE cpu_used_core_seconds IS NOT NULL) AS cpu_with_use,
    SUM(cpu_used_core_seconds) AS cpu_used,
    SUM(cpu_core_seconds) AS cpu,
    SUM(memory_requested_byte_seconds) AS memory_requested,
    SUM(memory_requested_byte_seconds) FILTER (WHERE memory_used_byte_seconds IS NOT NULL) AS memory_with_use,
    SUM(memory_used_byte_seconds) AS memory_used,
    SUM(memory_byte_seconds) AS memory,
    SUM(gpu_seconds) AS gpu_requested,
    SUM(gpu_seconds) FILTER (WHERE gpu_used_seconds IS NOT NULL) AS gpu_with_use,
    SUM(gpu_used_seconds) AS gpu_used
  FROM x_workload_days
  WHERE source = :source AND window_start >= :start AND window_start < :end
  GROUP BY {columns}, substr(window_start, 1, 10)
) w
JOIN usage_group g ON g.grain = '{grain}' AND g.source = w.source AND g.cluster = w.cluster
  AND g.namespace = w.namespace AND g.workload_kind = w.workload_kind AND g.workload = w.workload
  AND g.labels = w.labels

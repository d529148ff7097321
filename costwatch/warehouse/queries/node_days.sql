-- What nodes could give on days, and for how much of them they were measured.
SELECT day, cluster, node, instance, instance_type, region, capacity_type,
  coalesce(cpu_cores, 0) AS cpu_cores, coalesce(memory_bytes, 0) AS memory_bytes,
  coalesce(gpus, 0) AS gpus,
  coalesce(expected_seconds, 0) AS expected_seconds, coalesce(measured_seconds, 0) AS measured_seconds
FROM x_node_days
WHERE source IN (SELECT source FROM source_version WHERE table_name = 'node_days')
  AND window_start >= :window_start AND window_start < :window_end

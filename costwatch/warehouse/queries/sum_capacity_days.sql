-- The capacity of the days of a span, of what is stored of the nodes.
INSERT INTO capacity_day
SELECT source, coalesce(cluster, ''),
  CAST(replace(substr(window_start, 1, 10), '-', '') AS INTEGER),
  SUM(cpu_cores * measured_seconds),
  SUM(memory_bytes * measured_seconds),
  SUM(gpus * measured_seconds),
  SUM(measured_seconds),
  SUM(expected_seconds)
FROM x_node_days
WHERE source = :source AND window_start >= :start AND window_start < :end
GROUP BY coalesce(cluster, ''), substr(window_start, 1, 10)

-- What the nodes of each cluster had while they were measured, and for how long that was.
SELECT cluster,
  SUM(cpu_core_seconds) AS cpu,
  SUM(memory_byte_seconds) AS memory,
  SUM(gpu_seconds) AS gpu,
  SUM(measured_seconds) AS measured_seconds,
  SUM(expected_seconds) AS expected_seconds
FROM capacity_day
WHERE day >= :first AND day < :after
GROUP BY cluster

-- What Jobs of Kubernetes held, and how they stood, by day.
SELECT j.day, j.cluster, j.namespace, j.workload_kind, j.workload, j.job,
  coalesce(CASE WHEN json_valid(j.labels) THEN json_extract(j.labels, :path) END, '') AS run_id,
  MIN(j.started_at) AS started_at, MAX(j.ended_at) AS ended_at, MAX(j.outcome) AS outcome,
  SUM(j.cpu_core_seconds) AS core_seconds, SUM(j.gpu_seconds) AS gpu_seconds
FROM x_job_days j
WHERE j.source IN (SELECT source FROM source_version WHERE table_name = 'job_days')
  AND j.window_start >= :window_start AND j.window_start < :window_end
GROUP BY j.day, j.cluster, j.namespace, j.workload_kind, j.workload, j.job, run_id
ORDER BY j.day

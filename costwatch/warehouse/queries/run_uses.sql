-- What workloads that have runs held by day and run id: all of Jobs and CronJobs, and of what has a run id anywhere.
WITH held AS (
  SELECT w.day, w.cluster, w.namespace, w.workload_kind, w.workload,
    coalesce(CASE WHEN json_valid(w.labels) THEN json_extract(w.labels, :path) END, '') AS run_id,
    SUM(w.cpu_core_seconds) AS core_seconds, SUM(w.gpu_seconds) AS gpu_seconds
  FROM x_workload_days w
  WHERE w.source IN (SELECT source FROM source_version WHERE table_name = 'workload_days')
    AND w.window_start >= :window_start AND w.window_start < :window_end
  GROUP BY w.day, w.cluster, w.namespace, w.workload_kind, w.workload, run_id
)
SELECT * FROM held
WHERE workload_kind IN ('job', 'cronjob') OR (cluster, namespace, workload_kind, workload) IN (
  SELECT cluster, namespace, workload_kind, workload FROM held WHERE run_id <> ''
)
ORDER BY day

-- What the workloads of these days are summed by, as far as it is new.
INSERT OR IGNORE INTO usage_group (grain, source, cluster, namespace, workload_kind, workload, labels)
SELECT DISTINCT '{grain}', source, {columns}
FROM x_workload_days
WHERE source = :source AND window_start >= :start AND window_start < :end

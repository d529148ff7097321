-- What workloads had of nodes, by day and labels; NULL where nobody measured any of it.
SELECT w.day{labels}, {value} AS value
FROM x_workload_days w
WHERE w.source IN (SELECT source FROM source_version WHERE table_name = 'workload_days')
  AND w.window_start >= :window_start AND w.window_start < :window_end
GROUP BY w.day{grouped}
ORDER BY w.day

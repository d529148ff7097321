-- What an hour of each running workload costs: of those that the newest answer of their cluster saw to run.
WITH live AS (
  SELECT e.* FROM live_estimate_day d JOIN live_estimate e ON e.day = d.day WHERE NOT d.is_settled
), newest AS (
  SELECT l.cluster, l.day, MAX(l.grown_at) AS grown_at FROM live l
  WHERE l.day = (SELECT MAX(day) FROM live WHERE cluster = l.cluster) GROUP BY l.cluster, l.day
)
SELECT substr(e.grown_at, 1, 13) || ':00:00Z' AS at, e.BillingCurrency{labels}, SUM(e.hourly_nano) AS value
FROM live e
JOIN newest n ON n.cluster = e.cluster AND n.day = e.day AND n.grown_at = e.grown_at
WHERE e.hourly_nano IS NOT NULL AND e.grown_at >= :window_start AND e.grown_at < :window_end
GROUP BY at, e.BillingCurrency{grouped}
ORDER BY at

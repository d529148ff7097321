-- Each rule of the file: since when nothing is known of a breach of it; NULL where it is in breach.
WITH last AS (
  SELECT rule, MAX(at) AS at FROM alert_event WHERE at <= :now GROUP BY rule
)
SELECT
  e.rule,
  CASE WHEN NOT EXISTS (
    SELECT 1 FROM alert a
    WHERE a.rule = e.rule AND (a.state <> 'resolved' OR a.active_at > a.resolved_at)
  ) THEN max(coalesce(last.at, ''), coalesce(e.first_at, e.at)) END AS since
FROM evaluation e
LEFT JOIN last ON last.rule = e.rule
ORDER BY e.rule

-- What is stored with a time after now, and the latest of these: the clock was ahead when it was written.
SELECT what, MAX(at) AS at FROM (
  SELECT 'alerts' AS what, active_at AS at FROM alert
  UNION ALL SELECT 'alerts', resolved_at FROM alert
  UNION ALL SELECT 'alerts', keep_firing_since FROM alert
  UNION ALL SELECT 'messages', queued_at FROM notification
  UNION ALL SELECT 'messages', tried_at FROM notification
  UNION ALL SELECT 'messages', sent_at FROM notification
  UNION ALL SELECT 'runs of sources', started_at FROM collection
  UNION ALL SELECT 'evaluations', at FROM evaluation
  UNION ALL SELECT 'steps', worked_at FROM step
  UNION ALL SELECT 'published bills', known_at FROM published
)
WHERE at > :now
GROUP BY what
ORDER BY what

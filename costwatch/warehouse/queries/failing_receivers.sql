-- Receivers whose messages are refused, or that were tried and come late: since when, how many, and the last reason.
-- What was refused is tried anew before long, so that what was refused long ago concerns nobody any more.
SELECT n.receiver, MIN(n.queued_at) AS since, COUNT(*) AS count, (
  SELECT last.error FROM notification AS last
  WHERE last.receiver = n.receiver AND last.state <> 'sent' AND last.error <> ''
  ORDER BY last.tried_at DESC, last.rowid DESC LIMIT 1
) AS error
FROM notification AS n
WHERE (n.state = 'failed' AND n.next_attempt_at > :refused_since
  AND NOT EXISTS (
    SELECT 1 FROM notification AS later
    WHERE later.receiver = n.receiver AND later.state = 'sent' AND later.sent_at >= n.next_attempt_at
  ))
  OR (n.state IN ('queued', 'sending') AND n.attempts > 0 AND n.queued_at <= :late_since)
GROUP BY n.receiver
ORDER BY n.receiver

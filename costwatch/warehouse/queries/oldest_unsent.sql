-- The message that has waited longest of those that are to be sent by now.
SELECT receiver, queued_at, error FROM notification
WHERE state IN ('queued', 'sending') AND next_attempt_at <= :now AND queued_at <= :now
ORDER BY queued_at, rowid LIMIT 1

-- Alerts of messages that nobody can have seen yet, and that no later message of theirs stands for.
SELECT DISTINCT alert.value ->> 'fingerprint' AS fingerprint
FROM notification AS n, json_each(n.content, '$.alerts') AS alert
WHERE (n.state = 'failed' OR (n.state = 'queued' AND n.attempts = 0)) AND n.rowid > (
  SELECT coalesce(max(seen.rowid), 0) FROM notification AS seen
  WHERE seen.receiver = n.receiver AND seen.group_key = n.group_key
    AND seen.state <> 'failed' AND NOT (seen.state = 'queued' AND seen.attempts = 0)
)

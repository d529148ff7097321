-- A message was refused for good, and with it what is told in it.
UPDATE notification SET state = 'failed', next_attempt_at = :at, error = :error
WHERE id = :id OR (merged_into = :id AND state = 'queued')

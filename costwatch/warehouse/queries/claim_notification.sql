-- A message is being sent, and with it what is told in it.
UPDATE notification SET
  state = CASE id WHEN :id THEN 'sending' ELSE state END, attempts = attempts + 1, tried_at = :at
WHERE id = :id OR (merged_into = :id AND state = 'queued')

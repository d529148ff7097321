-- A message arrived, and with it what is told in it.
UPDATE notification SET
  state = 'sent', sent_at = :at, error = '', receipt = CASE id WHEN :id THEN :receipt ELSE '{}' END
WHERE id = :id OR (merged_into = :id AND state = 'queued')

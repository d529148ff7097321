-- What was to be told in a message that nobody has tried to send, or that is gone, stands for itself again.
UPDATE notification SET merged_into = ''
WHERE merged_into <> '' AND state = 'queued' AND NOT EXISTS (
  SELECT 1 FROM notification AS whole
  WHERE whole.id = notification.merged_into AND whole.attempts > 0 AND whole.state <> 'failed'
)

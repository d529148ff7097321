-- The newest message of a conversation that may have arrived, and those after it; newest first.
SELECT * FROM notification
WHERE receiver = :receiver AND group_key = :key AND rowid >= (
  SELECT coalesce(max(rowid), 0) FROM notification
  WHERE receiver = :receiver AND group_key = :key
    AND state <> 'failed' AND NOT (state = 'queued' AND attempts = 0)
)
ORDER BY rowid DESC

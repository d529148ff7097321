-- What the last message since the conversation's newest first one gave back, and told.
SELECT receipt, content FROM notification
WHERE receiver = :receiver AND group_key = :key AND state = 'sent' AND rowid >= (
  SELECT coalesce(max(rowid), 0) FROM notification
  WHERE receiver = :receiver AND group_key = :key AND reason = 'first'
)
ORDER BY rowid DESC LIMIT 1

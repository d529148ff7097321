-- How long a conversation is, and when its last message was sent (or queued) that was no silent edit.
SELECT count(*) AS length, max(
  CASE WHEN reason <> :silent AND id <> :unsent THEN coalesce(sent_at, queued_at) END
) AS told_at
FROM notification WHERE receiver = :receiver AND group_key = :key

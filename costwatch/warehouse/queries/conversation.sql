-- How long a conversation is, and when it was last told aloud.
SELECT count(*) AS length, max(
  CASE WHEN reason NOT IN ('changed', 'resolved') AND id <> :unsent THEN queued_at END
) AS aloud_at
FROM notification WHERE receiver = :receiver AND group_key = :key

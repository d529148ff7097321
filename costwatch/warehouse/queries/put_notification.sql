-- Queue a message, or rewrite the one with its id that nobody has seen.
INSERT INTO notification
  (id, receiver, group_key, reason, content, digest, event, state, queued_at, next_attempt_at,
   fallback_of)
VALUES (
  :id, :receiver, :key, :reason, :content, :digest, :event, 'queued', :queued_at,
  :next_attempt_at, :fallback_of
)
ON CONFLICT (id) DO UPDATE SET
  reason = excluded.reason, content = excluded.content, digest = excluded.digest,
  event = excluded.event, state = 'queued', attempts = 0, queued_at = excluded.queued_at,
  next_attempt_at = excluded.next_attempt_at, error = '', merged_into = ''

-- What is stored of messages as later than now is of now: the clock has been set back. What a message was to
-- wait for counted from when it was planned, tried or refused: if that was later than now, it waits no more.
UPDATE notification SET
  next_attempt_at = CASE
    WHEN queued_at > :now OR tried_at > :now OR state = 'failed' THEN min(next_attempt_at, :now)
    ELSE next_attempt_at
  END,
  queued_at = min(queued_at, :now),
  tried_at = min(tried_at, :now),
  sent_at = min(sent_at, :now)
WHERE queued_at > :now OR tried_at > :now OR sent_at > :now OR (state = 'failed' AND next_attempt_at > :now)

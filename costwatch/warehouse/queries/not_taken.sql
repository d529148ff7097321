-- Messages that a receiver other than the fallback refused since an instant, or could not be sent since then.
SELECT * FROM notification
WHERE fallback_of = '' AND merged_into = '' AND receiver <> :fallback AND (
  (state = 'failed' AND next_attempt_at > :since)
  OR (state IN ('queued', 'sending')
      AND CASE attempts WHEN 0 THEN next_attempt_at ELSE queued_at END <= :since)
)
ORDER BY rowid

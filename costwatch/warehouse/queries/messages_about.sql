-- Messages since an instant, with each alert they tell of; by fingerprint or by rule; '': any.
SELECT n.receiver, n.reason, n.state, n.queued_at, n.sent_at, n.next_attempt_at, n.error, n.fallback_of,
  n.merged_into,
  about.value ->> 'fingerprint' AS fingerprint, about.value ->> 'rule' AS rule,
  about.value ->> 'state' AS alert_state, about.value ->> 'summary' AS summary
FROM notification AS n, json_each(n.content, '$.alerts') AS about
WHERE n.queued_at >= :since AND n.group_key NOT LIKE 'summary:%'  -- its parts stand for themselves
  AND (:fingerprint = '' OR about.value ->> 'fingerprint' = :fingerprint)
  AND (:rule = '' OR about.value ->> 'rule' = :rule)
ORDER BY n.queued_at, n.rowid

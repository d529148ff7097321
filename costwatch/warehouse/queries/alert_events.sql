-- What became of alerts since an instant, the oldest first, each with what it was before. By fingerprint or by rule;
-- '': any.
SELECT * FROM (
  SELECT id, fingerprint, rule, at, state, value, summary, fired_at,
    lag(state) OVER earlier AS state_before, lag(fired_at) OVER earlier AS fired_at_before
  FROM alert_event
  WHERE (:fingerprint = '' OR fingerprint = :fingerprint) AND (:rule = '' OR rule = :rule)
  WINDOW earlier AS (PARTITION BY fingerprint ORDER BY id)
)
WHERE at >= :since
ORDER BY at, id

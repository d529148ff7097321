-- Alerts that were firing in [since, until), or rest on cost of those days: firing ones first.
SELECT * FROM alert a
WHERE state <> 'pending' AND (
  (fired_at < :until AND (state = 'firing' OR resolved_at >= :since))
  OR EXISTS (
    SELECT 1 FROM alert_event e
    WHERE e.fingerprint = a.fingerprint AND e.state = 'firing' AND e.at >= :since AND e.at < :until
  )
  OR (json_extract(about, '$.window.start') < :until AND json_extract(about, '$.window.end') > :since)
)
ORDER BY state = 'resolved', severity = 'info', severity = 'ticket', fired_at DESC, rule, fingerprint

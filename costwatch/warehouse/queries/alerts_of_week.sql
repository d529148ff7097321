-- Alerts that were firing in [since, until), or rest on cost of the days [first, after): firing ones first.
SELECT * FROM alert a
WHERE state <> 'pending' AND (
  (fired_at < :until AND (state = 'firing' OR resolved_at >= :since))
  OR EXISTS (
    SELECT 1 FROM alert_event e
    WHERE e.fingerprint = a.fingerprint AND e.state = 'firing' AND e.at >= :since AND e.at < :until
  )
  OR (
    coalesce(json_extract(evidence, '$.day'), json_extract(evidence, '$.through')) >= :first
    AND coalesce(json_extract(evidence, '$.day'), json_extract(evidence, '$.through')) < :after
  )
  OR (json_extract(evidence, '$.days[0]') < :after AND json_extract(evidence, '$.days[1]') >= :first)
)
ORDER BY state = 'resolved', severity = 'info', severity = 'ticket', fired_at DESC, rule, fingerprint

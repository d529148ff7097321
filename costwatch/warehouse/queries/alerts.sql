-- Alerts that fired, firing ones first, newest first.
SELECT fingerprint, rule, severity, labels, state, value, threshold, unit, summary, runbook,
       active_at, fired_at, resolved_at
FROM alert
WHERE state <> 'pending' AND (state = 'firing' OR resolved_at >= :resolved_since)
ORDER BY state = 'resolved', fired_at DESC, fingerprint

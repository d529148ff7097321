-- Alerts that fired, firing ones first, newest first.
SELECT * FROM alert
WHERE state = 'firing' OR (state = 'resolved' AND resolved_at >= :resolved_since)
ORDER BY state = 'resolved', fired_at DESC, fingerprint

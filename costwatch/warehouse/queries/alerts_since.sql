-- Every alert, and when it was last in breach.
SELECT fingerprint, labels, CASE WHEN state = 'resolved' THEN coalesce(resolved_at, '') ELSE :now END AS at
FROM alert
ORDER BY fingerprint

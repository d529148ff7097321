-- Alerts that are pending or fire, were resolved since an instant, or are owed to somebody.
SELECT * FROM alert
WHERE state <> 'resolved' OR resolved_at >= :since OR fingerprint IN (SELECT value FROM json_each(:owed))
ORDER BY fingerprint

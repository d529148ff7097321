-- What became of alerts, the newest first.
SELECT fingerprint, at, state FROM alert_event WHERE state IN ('firing', 'resolved') ORDER BY id DESC

-- A line in the log of what became of alerts.
INSERT INTO alert_event (fingerprint, rule, at, state, value, summary, fired_at)
VALUES (:fingerprint, :rule, :at, :state, :value, :summary, :fired_at)

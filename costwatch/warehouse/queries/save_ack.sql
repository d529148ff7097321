-- Someone sees to this firing of an alert; saying so again renews it.
INSERT INTO ack (fingerprint, fired_at, who, comment, at) VALUES (:fingerprint, :fired_at, :who, :comment, :at)
ON CONFLICT DO UPDATE SET at = excluded.at
WHERE at <> excluded.at

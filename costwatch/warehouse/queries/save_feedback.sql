-- What a person last answered of one firing of an alert; the same answer again changes nothing.
INSERT INTO feedback (fingerprint, fired_at, who, worth, comment, at)
VALUES (:fingerprint, :fired_at, :who, :worth, :comment, :at)
ON CONFLICT (fingerprint, fired_at, who) DO UPDATE SET
  worth = excluded.worth, comment = excluded.comment, at = excluded.at
WHERE worth <> excluded.worth OR comment <> excluded.comment

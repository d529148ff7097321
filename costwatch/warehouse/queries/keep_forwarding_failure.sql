-- A receiver did not take what fires; since when it does not, stays.
INSERT INTO forwarding_failure VALUES (:receiver, :since, :error)
ON CONFLICT DO UPDATE SET error = excluded.error

-- What fires now and someone sees to.
SELECT DISTINCT a.fingerprint, a.fired_at FROM alert a
JOIN ack k ON k.fingerprint = a.fingerprint AND k.fired_at = a.fired_at
WHERE a.state = 'firing'

-- Who last said of each alert that fires now that they see to it.
SELECT k.fingerprint, k.fired_at, k.who, k.comment, max(k.at) AS at FROM alert a
JOIN ack k ON k.fingerprint = a.fingerprint AND k.fired_at = a.fired_at
WHERE a.state = 'firing'
GROUP BY k.fingerprint, k.fired_at

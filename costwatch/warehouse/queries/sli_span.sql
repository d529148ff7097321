-- Of each instance, from when to when anything is known that had ended by :at (seconds since 1970).
SELECT
  id AS instance,
  (SELECT start FROM sli
   WHERE instance = i.id AND known_seconds > 0 AND start + seconds <= :at ORDER BY start LIMIT 1) AS first,
  (SELECT start + seconds FROM sli
   WHERE instance = i.id AND known_seconds > 0 AND start + seconds <= :at ORDER BY start DESC LIMIT 1) AS newest
FROM slo_instance i

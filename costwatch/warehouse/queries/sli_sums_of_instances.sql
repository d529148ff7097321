-- Of each instance, the sums of hours or days (:seconds) in [start, end).
-- CROSS: instance by instance, since SQLite would look through all of them without it.
SELECT i.id AS instance, sum(s.good) AS good, sum(s.total) AS total,
  sum(s.known_seconds) AS known_seconds, sum(s.bridged_seconds) AS bridged_seconds
FROM slo_instance i
CROSS JOIN sli_sum s ON s.seconds = :seconds AND s.instance = i.id AND s.start >= :start AND s.start < :end
GROUP BY i.id

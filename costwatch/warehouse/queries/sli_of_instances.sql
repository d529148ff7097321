-- Of each instance, the sums of buckets that begin in [start, end).
SELECT i.id AS instance, sum(s.good) AS good, sum(s.total) AS total,
  sum(s.known_seconds) AS known_seconds, sum(s.bridged_seconds) AS bridged_seconds
FROM slo_instance i
CROSS JOIN sli s ON s.instance = i.id AND s.start >= :start AND s.start < :end
GROUP BY i.id

-- Hours of an SLO's buckets that are not kept by the hour yet, in [start, end).
SELECT s.instance, s.start / 3600 * 3600 AS start, 3600 AS seconds, sum(s.good) AS good, sum(s.total) AS total,
  sum(s.known_seconds) AS known_seconds, sum(s.bridged_seconds) AS bridged_seconds
FROM slo_instance i
JOIN sli s ON s.instance = i.id AND s.start >= :start AND s.start < :end
WHERE i.slo = :slo AND s.seconds < 3600
GROUP BY s.instance, s.start / 3600

-- What is known of each instance, by the hour that its buckets begin in, of hours that begin in [:first, :after).
SELECT
  instance,
  start / 3600 * 3600 AS hour,
  sum(good) AS good,
  sum(total) AS total
FROM sli
WHERE instance IN (SELECT id FROM slo_instance) AND start >= :first AND start < :after AND known_seconds > 0
GROUP BY instance, start / 3600

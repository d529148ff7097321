-- What is known of each instance, by hour, of the hours that begin in [:first, :after) (seconds since 1970).
SELECT instance, start AS hour, good, total
FROM sli_sum
WHERE seconds = 3600 AND instance IN (SELECT id FROM slo_instance)
  AND start >= :first AND start < :after AND known_seconds > 0

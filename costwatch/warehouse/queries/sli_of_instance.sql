-- The buckets of one instance that begin in [:start, :end), in their order.
SELECT start, seconds, good, total FROM sli
WHERE instance = :instance AND start >= :start AND start < :end AND known_seconds > 0
ORDER BY start

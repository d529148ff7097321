-- A stored batch that a new one would replace in part only.
SELECT window_start, window_end
FROM source_version
WHERE source = :source AND table_name = :table_name
  AND window_start < :window_end AND window_end > :window_start
  AND NOT (window_start >= :window_start AND window_end <= :window_end)
LIMIT 1

-- Days of usage that are not read whole: the running one, and those whose newest answer was incomplete.
SELECT DISTINCT v.window_start
FROM source_version v
LEFT JOIN watermark m ON m.source = v.source AND m.table_name = v.table_name
WHERE v.table_name = :table_name AND v.window_start >= :window_start AND v.window_start < :window_end
  AND (v.partial = 1 OR m.window_end IS NULL OR m.window_end < v.window_end)

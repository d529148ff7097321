-- The version of each batch of a table whose window overlaps one; '' while only an incomplete one is stored.
SELECT source, window_start, window_end, version
FROM source_version
WHERE table_name = :table_name AND window_start < :window_end AND window_end > :window_start
ORDER BY window_start, source

-- Which version of the usage of each day is stored.
SELECT table_name, source, window_start, version, partial
FROM source_version
WHERE table_name IN ('node_days', 'workload_days')
  AND window_start >= :window_start AND window_start < :window_end
ORDER BY window_start, table_name, source

-- The first and the last day of which usage is held.
SELECT MIN(substr(window_start, 1, 10)) AS first, MAX(substr(window_start, 1, 10)) AS last
FROM source_version
WHERE table_name = 'workload_days'

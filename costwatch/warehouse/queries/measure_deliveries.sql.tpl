-- Which days each configured source of measures has delivered.
SELECT v.source, v.window_start
FROM source_version v
JOIN {source} s ON s.name = v.source
WHERE v.table_name = 'measure_days' AND v.window_start < :window_end
ORDER BY v.source, v.window_start

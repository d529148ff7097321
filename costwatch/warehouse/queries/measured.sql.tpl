-- What sources measured, by measure, source, day and labels. unknown: how many of the rows have no value.
SELECT m.measure, m.source, m.day{labels}, SUM(m.value) AS value, SUM(m.value IS NULL) AS unknown,
  MIN(m.coverage) AS coverage, MIN(m.unit) AS unit, MAX(m.unit) AS other_unit
FROM x_measure_days m
WHERE m.source IN (SELECT source FROM source_version WHERE table_name = 'measure_days')
  AND m.window_start >= :window_start AND m.window_start < :window_end AND {condition}
GROUP BY m.measure, m.source, m.day{grouped}
ORDER BY m.measure, m.day, m.source

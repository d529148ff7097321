-- The first and the last day that hold any cost.
SELECT MIN(day) AS first, MAX(day) AS last FROM {day_state}

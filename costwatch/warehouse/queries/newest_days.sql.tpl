-- The newest day with lines of each source of the bill, and how many days ago it may be.
SELECT s.name AS source, s.late_after_days, MAX(d.day) AS day
FROM {source} s
JOIN {day_state} d ON d.source = s.name
WHERE s.role = 'bill'
GROUP BY s.name
ORDER BY s.name

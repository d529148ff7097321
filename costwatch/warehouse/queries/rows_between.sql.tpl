-- What a declared table holds of windows that overlap one, oldest first.
SELECT {columns}
FROM "x_{table}"
WHERE window_start < :window_end AND window_end > :window_start
ORDER BY window_start, source, rowid

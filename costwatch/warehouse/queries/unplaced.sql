-- What splits could not place, of the newest billing periods.
SELECT period, notes FROM published
WHERE notes <> '[]'
ORDER BY period DESC
LIMIT 2

-- When the bill of each day was last published.
SELECT d.day, MAX(p.known_at) AS known_at
FROM day_line d JOIN published p ON p.period = d.period
WHERE d.day >= :first AND d.day < :after
GROUP BY d.day

-- The values that a label takes in a window: each is looked for, and no cost is summed.
SELECT DISTINCT {column} AS value
FROM {named}
WHERE EXISTS (
  SELECT 1
  FROM {within}
  CROSS JOIN place_day c ON c.period = p.period AND c.place = s.id AND {carried}
    AND c.day >= :first AND c.day < :after
  WHERE s.summary = :summary AND p.period IN (SELECT period FROM day_line WHERE day >= :first AND day < :after)
)
ORDER BY 1

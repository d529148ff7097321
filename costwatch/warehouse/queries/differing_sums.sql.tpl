-- Where two tables tell the same cost differently, by columns both have: the first less the second.
-- Whole units and the rest are summed apart: even an altered row must not overflow 64 bits.
SELECT *
FROM (
  SELECT {keys}, {sums}
  FROM (
    SELECT {keys}, 1 AS sign, {summed} FROM {left} WHERE period BETWEEN :first AND :last
    UNION ALL
    SELECT {keys}, -1 AS sign, {summed} FROM {right} WHERE period BETWEEN :first AND :last
  )
  GROUP BY {keys}
)
WHERE {differs}
ORDER BY {keys}
LIMIT :limit

-- What explains cost, by any dimension and unit.
-- Whole units and the rest are summed apart: months of a small currency would overflow 64 bits of nanos.
SELECT {columns}
  {sums},
  SUM(CASE WHEN c.ContractedCostNano IS NULL THEN c.line_count ELSE 0 END) AS uncontracted
FROM team_cost c
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
JOIN slice s ON s.id = c.slice
{joins}WHERE c.period IN (SELECT period FROM day_line WHERE day >= :first AND day < :after)
  AND c.day >= :first AND c.day < :after AND {conditions}
GROUP BY {grouping}
ORDER BY {grouping}

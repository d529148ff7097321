-- Cost from the facts, or those that have AllocatedTags: any dimension.
-- Whole units and the rest are summed apart: months of a small currency would overflow 64 bits of nanos.
SELECT {columns}
  SUM(c.BilledCostNano / 1000000000) AS BilledCostWhole, SUM(c.BilledCostNano % 1000000000) AS BilledCostRest,
  SUM(c.EffectiveCostNano / 1000000000) AS EffectiveCostWhole,
  SUM(c.EffectiveCostNano % 1000000000) AS EffectiveCostRest,
  SUM(c.line_count) AS line_count
FROM {facts} c
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
JOIN slice s ON s.id = c.slice
{joins}WHERE c.period IN (SELECT period FROM day_line WHERE day >= :first AND day < :after)
  AND c.day >= :first AND c.day < :after AND {conditions}
GROUP BY {grouping}
ORDER BY {grouping}

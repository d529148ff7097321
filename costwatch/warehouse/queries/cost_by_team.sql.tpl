-- Cost from the daily summary: enough for team, service and currency, and flat at any scale.
-- Whole units and the rest are summed apart: months of a small currency would overflow 64 bits of nanos.
SELECT {columns}
  SUM(c.BilledCostNano / 1000000000) AS BilledCostWhole, SUM(c.BilledCostNano % 1000000000) AS BilledCostRest,
  SUM(c.EffectiveCostNano / 1000000000) AS EffectiveCostWhole,
  SUM(c.EffectiveCostNano % 1000000000) AS EffectiveCostRest,
  SUM(c.line_count) AS line_count
FROM published p
JOIN cost_day c ON c.period = p.period AND c.day >= :first AND c.day < :after
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
{joins}WHERE {conditions}
GROUP BY {grouping}
ORDER BY {grouping}

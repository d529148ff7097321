-- Cost from the daily summary by team and service; day by day, so that a team's rows are read where they lie.
-- Whole units and the rest are summed apart: months of a small currency would overflow 64 bits of nanos.
SELECT {columns}
  SUM(c.BilledCostNano / 1000000000) AS BilledCostWhole, SUM(c.BilledCostNano % 1000000000) AS BilledCostRest,
  SUM(c.EffectiveCostNano / 1000000000) AS EffectiveCostWhole,
  SUM(c.EffectiveCostNano % 1000000000) AS EffectiveCostRest,
  SUM(c.line_count) AS line_count
FROM {days}
{joins}WHERE {conditions}
GROUP BY {grouping}
ORDER BY {grouping}

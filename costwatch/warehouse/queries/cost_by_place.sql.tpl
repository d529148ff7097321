-- Cost from the daily summaries by place; place by place, so that each one's rows are read where they lie.
-- Whole units and the rest are summed apart: months of a small currency would overflow 64 bits of nanos.
SELECT {columns}
  SUM(c.BilledCostNano / 1000000000) AS BilledCostWhole, SUM(c.BilledCostNano % 1000000000) AS BilledCostRest,
  SUM(c.EffectiveCostNano / 1000000000) AS EffectiveCostWhole,
  SUM(c.EffectiveCostNano % 1000000000) AS EffectiveCostRest,
  SUM(c.line_count) AS line_count
FROM place s
CROSS JOIN published p
CROSS JOIN {table} c ON c.period = p.period AND c.place = s.id AND c.day >= :first AND c.day < :after{carried}
{joins}WHERE s.summary = :summary AND p.period IN ({periods}) AND {conditions}
GROUP BY {grouping}
ORDER BY {grouping}

-- What explains cost as it was known at an instant, by any dimension and unit: see ``cost_as_of``. Where nobody
-- looked for units before that instant, there is none, nor a quantity or a contracted cost.
-- Whole units and the rest are summed apart: months of a small currency would overflow 64 bits of nanos.
WITH known (period, is_priced) AS (
  SELECT period, coalesce(priced_since <= :as_of, 0) FROM published WHERE first_known_at <= :as_of
)
SELECT {columns}
  {sums},
  SUM(CASE WHEN c.ContractedCostNano IS NULL THEN c.line_count ELSE 0 END) AS uncontracted
FROM (
  SELECT period, is_priced, team, service, day, slice, BilledCostNano, EffectiveCostNano, line_count,
    CASE WHEN is_priced THEN PricingQuantityWhole END AS PricingQuantityWhole,
    CASE WHEN is_priced THEN PricingQuantityRest END AS PricingQuantityRest,
    CASE WHEN is_priced THEN ContractedCostNano END AS ContractedCostNano
  FROM team_cost JOIN known USING (period)
  WHERE day >= :first AND day < :after AND period IN (
    SELECT period FROM day_line WHERE day >= :first AND day < :after
  )
  UNION ALL
  SELECT period, is_priced, team, service, day, slice, -BilledCostNano, -EffectiveCostNano, -line_count,
    CASE WHEN is_priced THEN -PricingQuantityWhole END,
    CASE WHEN is_priced THEN -PricingQuantityRest END,
    CASE WHEN is_priced THEN -ContractedCostNano END
  FROM team_cost_revision JOIN known USING (period)
  WHERE day >= :first AND day < :after AND known_at > :as_of
) c
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
JOIN slice s ON s.id = c.slice
{joins}WHERE {conditions}
GROUP BY {grouping}
ORDER BY {grouping}

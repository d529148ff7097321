-- Cost as it was known at an instant, by any dimension: the facts of now, less what was changed since.
-- A period that was first published later was not known then.
-- Whole units and the rest are summed apart: months of a small currency would overflow 64 bits of nanos.
WITH known (period) AS (SELECT period FROM published WHERE first_known_at <= :as_of)
SELECT {columns}
  SUM(c.BilledCostNano / 1000000000) AS BilledCostWhole, SUM(c.BilledCostNano % 1000000000) AS BilledCostRest,
  SUM(c.EffectiveCostNano / 1000000000) AS EffectiveCostWhole,
  SUM(c.EffectiveCostNano % 1000000000) AS EffectiveCostRest,
  SUM(c.line_count) AS line_count
FROM (
  SELECT period, team, service, day, slice, BilledCostNano, EffectiveCostNano, line_count
  FROM {facts}
  WHERE day >= :first AND day < :after AND period IN (
    SELECT period FROM day_line JOIN known USING (period) WHERE day >= :first AND day < :after
  )
  UNION ALL
  SELECT period, team, service, day, slice, -BilledCostNano, -EffectiveCostNano, -line_count
  FROM team_cost_revision
  WHERE day >= :first AND day < :after AND known_at > :as_of AND period IN (SELECT period FROM known{known}){within}
) c
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
JOIN slice s ON s.id = c.slice
{joins}WHERE {conditions}
GROUP BY {grouping}
ORDER BY {grouping}

-- Settled days whose cost a later delivery changed: by how much since they were settled, and what they cost now.
SELECT
  r.day, t.name AS x_Team, v.name AS ServiceName, r.BillingCurrency, MAX(r.known_at) AS known_at,
  SUM(r.BilledCostNano) AS BilledCostNano, SUM(r.EffectiveCostNano) AS EffectiveCostNano,
  coalesce((
    SELECT SUM(c.EffectiveCostNano) FROM cost_day c
    WHERE c.period IN (SELECT period FROM published)
      AND c.day = r.day AND c.team = r.team AND c.service = r.service AND c.BillingCurrency = r.BillingCurrency
  ), 0) AS x_EffectiveCostNowNano
FROM published p
CROSS JOIN cost_day_revision r ON r.period = p.period AND r.day >= :first AND r.day < :after
JOIN team t ON t.id = r.team
JOIN service v ON v.id = r.service
WHERE r.cause = 'delivery' AND r.state IN ('settled', 'closed')
GROUP BY r.day, r.team, r.service, r.BillingCurrency
HAVING SUM(r.EffectiveCostNano) <> 0 OR SUM(r.BilledCostNano) <> 0
ORDER BY ABS(SUM(r.EffectiveCostNano)) DESC, r.day, t.name, v.name

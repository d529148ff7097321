-- Settled days whose cost a later delivery changed.
SELECT
  r.day, t.name AS x_Team, v.name AS ServiceName, s.BillingCurrency, MAX(r.known_at) AS known_at,
  SUM(r.BilledCostNano) AS BilledCostNano, SUM(r.EffectiveCostNano) AS EffectiveCostNano
FROM team_cost_revision r
JOIN team t ON t.id = r.team
JOIN service v ON v.id = r.service
JOIN slice s ON s.id = r.slice
WHERE r.state IN ('settled', 'closed') AND r.day >= :first AND r.day < :after
GROUP BY r.day, t.name, v.name, s.BillingCurrency
HAVING SUM(r.EffectiveCostNano) <> 0 OR SUM(r.BilledCostNano) <> 0
ORDER BY ABS(SUM(r.EffectiveCostNano)) DESC

-- For each period and currency: what teams and residuals carry, to hold against the bill.
SELECT c.period, s.BillingCurrency, t.name AS x_Team,
  SUM(c.BilledCostNano) AS BilledCostNano, SUM(c.EffectiveCostNano) AS EffectiveCostNano
FROM team_cost c
JOIN team t ON t.id = c.team
JOIN slice s ON s.id = c.slice
GROUP BY c.period, s.BillingCurrency, t.name
ORDER BY c.period DESC, s.BillingCurrency, t.name

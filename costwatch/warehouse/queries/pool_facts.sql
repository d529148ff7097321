-- What one pool of a billing period passed on to teams, each fact with the columns of its slice.
SELECT
  p.period, p.period_end, c.day, t.name AS x_Team, v.name AS ServiceName,
  s.source AS x_Source, s.ProviderName, s.BillingAccountId, s.SubAccountId, s.SubAccountName, s.RegionId,
  s.ChargeCategory, s.ChargeClass, s.x_UsageType, s.BillingCurrency, s.x_Pool, s.x_System,
  s.AllocatedTags AS x_AllocatedTags,
  c.BilledCostNano, c.EffectiveCostNano
FROM published p
JOIN team_cost c ON c.period = p.period
JOIN slice s ON s.id = c.slice
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
WHERE p.period = :period AND c.day >= :first AND c.day < :after
  AND s.x_Pool = :pool
ORDER BY c.day, c.team, c.service, c.slice

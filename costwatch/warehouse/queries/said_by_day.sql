-- What sources of role check say by day, service and category, and whose bill they tell.
SELECT c.source, c.period, c.day, c.ServiceName, c.ChargeCategory, c.BillingCurrency,
  c.BilledCostNano, c.EffectiveCostNano, c.estimated, l.accounts
FROM check_cost c
JOIN load l ON l.id = c.load
WHERE c.period BETWEEN :first AND :last
ORDER BY c.source, c.day, c.ServiceName, c.ChargeCategory

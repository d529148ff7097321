-- What nodes cost on days by the published bill.
SELECT ResourceId, day, BillingCurrency, SUM(EffectiveCostNano) AS EffectiveCostNano
FROM node_cost_day
WHERE day >= :first AND day < :after
GROUP BY ResourceId, day, BillingCurrency

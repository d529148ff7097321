-- Each commitment as the newest period has it, of the newest two in which its source told of any.
WITH newest AS (
  SELECT c.*, MAX(c.period) OVER (PARTITION BY c.id, c.BillingCurrency) AS last_period,
    DENSE_RANK() OVER (PARTITION BY c.source ORDER BY c.period DESC) AS place
  FROM commitment c
)
SELECT id, kind, source, ServiceName, team, BillingCurrency, ends_at, EffectiveCostNano, day_count
FROM newest
WHERE period = last_period AND place <= 2
ORDER BY id, BillingCurrency

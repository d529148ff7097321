-- Slices without a unit, each with the only one that has the unit of its lines now.
CREATE TEMP TABLE renamed AS
SELECT o.id AS old, MIN(n.id) AS new
FROM (SELECT DISTINCT slice FROM temp.incoming) i
JOIN slice n ON n.id = i.slice
JOIN slice o USING (source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId,
  ChargeCategory, ChargeClass, x_UsageType, BillingCurrency, x_Pool, x_System, AllocatedTags)
WHERE o.PricingUnit = ''
GROUP BY o.id
HAVING COUNT(*) = 1 AND MIN(n.id) <> o.id

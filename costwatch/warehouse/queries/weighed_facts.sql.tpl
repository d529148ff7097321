-- The slice of each fact weighed by what the fact holds: small enough for 64 bits, never by 0. What quantities
-- and contracted costs weigh comes last: NULL where none is known.
SELECT SUM(slice * (ABS(BilledCostNano % 10007) + 1)), SUM(slice * (ABS(EffectiveCostNano % 10007) + 1)),
  SUM(slice * (day % 100 * 50 + team % 50 + 1)), SUM(slice * (service % 10007 + 1)), COUNT(*),
  SUM(slice * (ABS((PricingQuantityWhole + PricingQuantityRest) % 10007) + 1)),
  SUM(slice * (ABS(ContractedCostNano % 10007) + 1))
FROM {facts}

-- The slice of each fact weighed by what the fact holds: small enough for 64 bits, never by 0.
SELECT SUM(slice * (ABS(BilledCostNano % 10007) + 1)), SUM(slice * (ABS(EffectiveCostNano % 10007) + 1)),
  SUM(slice * (day % 100 * 50 + team % 50 + 1)), SUM(slice * (service % 10007 + 1)), COUNT(*)
FROM team_cost WHERE period = ?

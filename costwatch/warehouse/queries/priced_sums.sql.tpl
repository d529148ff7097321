-- Quantities and contracted cost of a period, by what they are counted in.
-- Whole units and the rest are summed apart: even an altered row must not overflow 64 bits.
SELECT s.PricingUnit, s.BillingCurrency, {sums}
FROM team_cost c
JOIN slice s ON s.id = c.slice
WHERE c.period = ?
GROUP BY s.PricingUnit, s.BillingCurrency

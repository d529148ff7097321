-- The bill of some payers by day, service and category, to hold against what another source says.
SELECT c.day, v.name AS ServiceName, s.ChargeCategory, s.BillingCurrency, s.source, d.state, {sums}
FROM place s
CROSS JOIN place_day c ON c.place = s.id AND c.team = 0 AND c.service > 0
JOIN service v ON v.id = c.service
LEFT JOIN day_state d ON d.source = s.source AND d.day = c.day
WHERE s.summary = 'charge' AND s.BillingAccountId IN ({payers})
  AND c.period IN (SELECT period FROM day_line WHERE day >= :first AND day < :after)
  AND c.day >= :first AND c.day < :after
GROUP BY c.day, v.name, s.ChargeCategory, s.BillingCurrency, s.source
ORDER BY c.day, v.name, s.ChargeCategory

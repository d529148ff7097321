-- The bill of some payers by day, service and category, to hold against what another source says.
SELECT c.day, v.name AS ServiceName, s.ChargeCategory, s.BillingCurrency, s.source, d.state, {sums}
FROM team_cost c
JOIN slice s ON s.id = c.slice
JOIN service v ON v.id = c.service
LEFT JOIN day_state d ON d.source = s.source AND d.day = c.day
WHERE c.period IN (SELECT period FROM day_line WHERE day >= :first AND day < :after)
  AND c.day >= :first AND c.day < :after
  AND s.BillingAccountId IN ({payers})
GROUP BY c.day, v.name, s.ChargeCategory, s.BillingCurrency, s.source
ORDER BY c.day, v.name, s.ChargeCategory

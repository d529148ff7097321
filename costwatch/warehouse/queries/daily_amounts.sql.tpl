-- What days cost by the bills of some sources.
SELECT s.source, c.day, s.BillingCurrency, {sums}
FROM team_cost c
JOIN slice s ON s.id = c.slice
WHERE c.period IN (SELECT period FROM day_line WHERE source IN ({sources}) AND day >= :since)
  AND c.day >= :since AND s.source IN ({sources})
GROUP BY s.source, c.day, s.BillingCurrency

-- What days cost by the bills of some sources.
SELECT s.source, c.day, s.BillingCurrency, {sums}
FROM place s
CROSS JOIN place_day c ON c.place = s.id AND c.team = 0 AND c.service = 0
WHERE s.summary = 'charge' AND s.source IN ({sources}) AND c.day >= :since
  AND c.period IN (SELECT period FROM day_line WHERE source IN ({sources}) AND day >= :since)
GROUP BY s.source, c.day, s.BillingCurrency

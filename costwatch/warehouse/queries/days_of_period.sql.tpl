-- What a published billing period holds of each source's days.
SELECT s.source, c.day, s.BillingCurrency, {sums}
FROM place s
CROSS JOIN place_day c ON c.period = :period AND c.place = s.id AND c.team = 0 AND c.service = 0
{joins}WHERE s.summary = 'charge'
GROUP BY s.source, c.day, s.BillingCurrency

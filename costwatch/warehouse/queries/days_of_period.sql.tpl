-- What a published billing period holds of each source's days.
SELECT s.source, c.day, s.BillingCurrency, {sums}
FROM team_cost c
JOIN slice s ON s.id = c.slice
{joins}WHERE c.period = :period
GROUP BY s.source, c.day, s.BillingCurrency

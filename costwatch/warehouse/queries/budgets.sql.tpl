-- Budgets as configured.
SELECT name, team, metric, period, BillingCurrency, amount_nano FROM {budget} ORDER BY name

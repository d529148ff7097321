-- Budgets as configured.
SELECT name, team, metric, period, BillingCurrency, amount_nano, include FROM {budget} ORDER BY name

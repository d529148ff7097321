-- What the published bill holds of each invoice, over all periods and payers, newest first.
SELECT InvoiceId, BillingCurrency, MAX(period) AS period, {sums}
FROM bill
WHERE InvoiceId <> ''
GROUP BY InvoiceId, BillingCurrency
ORDER BY 3 DESC, InvoiceId, BillingCurrency

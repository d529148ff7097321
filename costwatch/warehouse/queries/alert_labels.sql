-- What the labels of alerts say, each value once.
SELECT DISTINCT each.key AS label, each.value AS value FROM alert, json_each(alert.labels) AS each

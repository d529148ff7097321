-- What alerts that fired told of budgets: the amount that was reached, as the rule's evidence has it.
SELECT
  rule,
  json_extract(labels, '$.budget') AS budget,
  json_extract(labels, '$.team') AS team,
  json_extract(labels, '$.period') AS period,
  unit,
  json_extract(evidence, '$.reached') AS reached
FROM alert
WHERE fired_at IS NOT NULL
  AND json_extract(evidence, '$.reached') IS NOT NULL
  AND json_extract(labels, '$.budget') IS NOT NULL
  AND json_extract(labels, '$.period') IS NOT NULL
  AND json_extract(labels, '$.team') IS NOT NULL
ORDER BY rule, budget, team, period

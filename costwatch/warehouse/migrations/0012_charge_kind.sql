-- What is a credit, a refund or a tax among the charges, so that cost can be told without it; and what budgets count.

ALTER TABLE slice ADD COLUMN x_ChargeKind TEXT NOT NULL DEFAULT 'charges';
UPDATE slice SET x_ChargeKind = CASE
  WHEN ChargeCategory = 'Credit' THEN 'credits'
  WHEN ChargeCategory = 'Tax' THEN 'tax'
  ELSE 'refunds'
END
WHERE ChargeCategory IN ('Credit', 'Tax')
  OR ChargeClass = 'Correction' AND ChargeCategory IN ('Adjustment', 'Purchase');

-- The summary is made anew of the facts; what it had of periods without any is kept, for `cost verify` to find.
CREATE TABLE cost_day_by_kind (
  period INTEGER NOT NULL,
  day INTEGER NOT NULL,
  team INTEGER NOT NULL,
  service INTEGER NOT NULL,
  BillingCurrency TEXT NOT NULL,
  x_ChargeKind TEXT NOT NULL,
  BilledCostNano INTEGER NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  PRIMARY KEY (period, day, team, service, BillingCurrency, x_ChargeKind)
) STRICT, WITHOUT ROWID;
INSERT INTO cost_day_by_kind
SELECT c.period, c.day, c.team, c.service, s.BillingCurrency, s.x_ChargeKind,
  SUM(c.BilledCostNano), SUM(c.EffectiveCostNano), SUM(c.line_count)
FROM team_cost c
JOIN slice s ON s.id = c.slice
GROUP BY c.period, c.day, c.team, c.service, s.BillingCurrency, s.x_ChargeKind;
INSERT INTO cost_day_by_kind
SELECT period, day, team, service, BillingCurrency, 'charges', BilledCostNano, EffectiveCostNano, line_count
FROM cost_day WHERE period NOT IN (SELECT period FROM team_cost);
DROP TABLE cost_day;
ALTER TABLE cost_day_by_kind RENAME TO cost_day;

-- Of credits, refunds and tax, those that count, with a comma between.
ALTER TABLE budget ADD COLUMN include TEXT NOT NULL DEFAULT 'credits,refunds,tax';
ALTER TABLE budget_history ADD COLUMN include TEXT;
UPDATE budget_history SET include = 'credits,refunds,tax' WHERE team IS NOT NULL;

-- For people with a SQL prompt. Exact answers sum the Nano columns, then divide by 1e9.
DROP VIEW cost;
CREATE VIEW cost AS
SELECT
  printf('%04d-%02d-%02d', c.day / 10000, c.day / 100 % 100, c.day % 100) AS day,
  t.name AS x_Team,
  coalesce(m.x_Parent, t.name) AS x_Parent,
  coalesce(m.x_CostCenter, 'no cost center') AS x_CostCenter,
  s.x_System,
  s.x_Pool,
  s.ProviderName,
  s.BillingAccountId,
  s.SubAccountId,
  s.SubAccountName,
  v.name AS ServiceName,
  s.RegionId,
  s.ChargeCategory,
  s.ChargeClass,
  s.x_ChargeKind,
  s.x_UsageType,
  s.BillingCurrency,
  printf('%04d-%02d-%02d', c.period / 10000, c.period / 100 % 100, c.period % 100) AS BillingPeriodStart,
  s.source AS x_Source,
  c.BilledCostNano / 1e9 AS BilledCost,
  c.EffectiveCostNano / 1e9 AS EffectiveCost,
  c.BilledCostNano,
  c.EffectiveCostNano,
  c.line_count AS x_LineCount,
  coalesce(d.state, 'estimated') AS x_State
FROM team_cost c
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
JOIN slice s ON s.id = c.slice
LEFT JOIN membership m ON m.team = t.name AND m.since <= c.day AND m.until > c.day
LEFT JOIN day_state d ON d.source = s.source AND d.day = c.day;

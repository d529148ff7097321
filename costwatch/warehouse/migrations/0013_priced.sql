-- What explains a cost: the quantity that was priced, in its PricingUnit, and ContractedCost.

CREATE TABLE slice_with_unit (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  ProviderName TEXT NOT NULL,
  BillingAccountId TEXT NOT NULL,
  SubAccountId TEXT NOT NULL,
  SubAccountName TEXT NOT NULL,
  RegionId TEXT NOT NULL,
  ChargeCategory TEXT NOT NULL,
  ChargeClass TEXT NOT NULL,
  x_UsageType TEXT NOT NULL,
  BillingCurrency TEXT NOT NULL,
  x_Pool TEXT NOT NULL,
  x_System TEXT NOT NULL,
  PricingUnit TEXT NOT NULL,            -- '' where the bill does not say, and from before this version
  x_ChargeKind TEXT NOT NULL,
  UNIQUE (source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId,
          ChargeCategory, ChargeClass, x_UsageType, BillingCurrency, x_Pool, x_System, PricingUnit)
) STRICT;
INSERT INTO slice_with_unit
SELECT id, source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId, ChargeCategory,
  ChargeClass, x_UsageType, BillingCurrency, x_Pool, x_System, '', x_ChargeKind
FROM slice;
DROP VIEW cost;
DROP TABLE slice;
ALTER TABLE slice_with_unit RENAME TO slice;

-- NULL where no line of a fact says so. A quantity is whole units and a rest from 0 up to 999,999,999
-- nano-units: nano-units alone end at 9.2e9 units. A pool's parts have their part of both, split as its cost is.
ALTER TABLE team_cost ADD COLUMN PricingQuantityWhole INTEGER;
ALTER TABLE team_cost ADD COLUMN PricingQuantityRest INTEGER;
ALTER TABLE team_cost ADD COLUMN ContractedCostNano INTEGER;

-- Deltas, as those of costs; of quantities no part needs to be positive.
ALTER TABLE team_cost_revision ADD COLUMN PricingQuantityWhole INTEGER;
ALTER TABLE team_cost_revision ADD COLUMN PricingQuantityRest INTEGER;
ALTER TABLE team_cost_revision ADD COLUMN ContractedCostNano INTEGER;

-- JSON: the bill's nano-units of each PricingUnit, and its ContractedCost by currency; and since when they are
-- kept of the period. NULL for what was published before this version, until it is allocated again.
ALTER TABLE published ADD COLUMN priced TEXT;
ALTER TABLE published ADD COLUMN priced_since TEXT;

-- For people with a SQL prompt. Exact answers sum the Nano columns, then divide by 1e9.
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

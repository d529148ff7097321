-- To what inside a team a pool gave a part: FOCUS 1.3's AllocatedTags; and what splits could not place.

CREATE TABLE slice_with_tags (
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
  PricingUnit TEXT NOT NULL,            -- '' where the bill does not say, and from before version 13
  AllocatedTags TEXT NOT NULL,          -- JSON with sorted keys, '' where no split told any
  x_ChargeKind TEXT NOT NULL,
  UNIQUE (source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId, ChargeCategory,
          ChargeClass, x_UsageType, BillingCurrency, x_Pool, x_System, PricingUnit, AllocatedTags)
) STRICT;
INSERT INTO slice_with_tags
SELECT id, source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId, ChargeCategory,
  ChargeClass, x_UsageType, BillingCurrency, x_Pool, x_System, PricingUnit, '', x_ChargeKind
FROM slice;
DROP VIEW cost;
DROP TABLE slice;
ALTER TABLE slice_with_tags RENAME TO slice;

-- JSON: pairs of a pool and what its split could not place, a sentence each.
ALTER TABLE published ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';

-- For people with a SQL prompt. Exact answers sum the Nano columns, then divide by 1e9.
CREATE VIEW cost AS
SELECT
  printf('%04d-%02d-%02d', c.day / 10000, c.day / 100 % 100, c.day % 100) AS day,
  t.name AS x_Team,
  coalesce(m.x_Parent, t.name) AS x_Parent,
  coalesce(m.x_CostCenter, 'no cost center') AS x_CostCenter,
  s.x_System,
  s.x_Pool,
  s.AllocatedTags,
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

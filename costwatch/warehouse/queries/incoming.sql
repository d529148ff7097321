-- The facts of a period as they shall be.
CREATE TEMP TABLE incoming (
period INTEGER, team INTEGER, service INTEGER, day INTEGER, slice INTEGER,
BilledCostNano INTEGER, EffectiveCostNano INTEGER, line_count INTEGER,
PricingQuantityWhole INTEGER, PricingQuantityRest INTEGER, ContractedCostNano INTEGER,
PRIMARY KEY (period, team, service, day, slice)) WITHOUT ROWID

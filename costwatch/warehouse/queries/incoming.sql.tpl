-- The facts of a period, or their summaries, as they shall be.
CREATE TEMP TABLE incoming (
period INTEGER, {columns},
BilledCostNano INTEGER, EffectiveCostNano INTEGER, line_count INTEGER,
PRIMARY KEY (period, {keys})) WITHOUT ROWID

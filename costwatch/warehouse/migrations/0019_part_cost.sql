-- The facts that have AllocatedTags once more, by day: who asks for namespaces or products reads these few.

CREATE TABLE part_cost (
  period INTEGER NOT NULL,
  day INTEGER NOT NULL,
  slice INTEGER NOT NULL,               -- one with AllocatedTags
  team INTEGER NOT NULL,
  service INTEGER NOT NULL,
  BilledCostNano INTEGER NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  PRIMARY KEY (period, day, slice, team, service)
) STRICT, WITHOUT ROWID;
CREATE INDEX slice_with_tags ON slice (id) WHERE AllocatedTags <> '';
INSERT INTO part_cost
SELECT c.period, c.day, c.slice, c.team, c.service, c.BilledCostNano, c.EffectiveCostNano, c.line_count
FROM team_cost c
WHERE c.slice IN (SELECT id FROM slice WHERE AllocatedTags <> '')
ORDER BY c.period, c.day, c.slice, c.team, c.service;

-- The facts of a period that have AllocatedTags, once more.
INSERT INTO part_cost
SELECT c.period, c.day, c.slice, c.team, c.service, c.BilledCostNano, c.EffectiveCostNano, c.line_count
FROM team_cost c
WHERE c.period = :period AND c.slice IN (SELECT id FROM slice WHERE AllocatedTags <> '')
  AND EXISTS (SELECT 1 FROM slice WHERE AllocatedTags <> '')
ORDER BY c.day, c.slice, c.team, c.service

-- What the weights of pools rest on besides lines and settings, and a cause of revisions for when it changes.

-- JSON list of lists: pool, name, start and end of what is measured, version ('' while it is missing).
ALTER TABLE published ADD COLUMN inputs TEXT NOT NULL DEFAULT '[]';

CREATE TABLE team_cost_revision_of_any_cause (
  period INTEGER NOT NULL,
  team INTEGER NOT NULL,
  service INTEGER NOT NULL,
  day INTEGER NOT NULL,
  slice INTEGER NOT NULL,
  known_at TEXT NOT NULL,
  BilledCostNano INTEGER NOT NULL,      -- delta
  EffectiveCostNano INTEGER NOT NULL,   -- delta
  state TEXT NOT NULL,                  -- of the day before the change; '' where it had no cost yet
  cause TEXT NOT NULL CHECK (cause IN ('delivery', 'configuration', 'usage')),
  line_count INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (period, known_at, team, service, day, slice)
) STRICT, WITHOUT ROWID;
INSERT INTO team_cost_revision_of_any_cause
SELECT period, team, service, day, slice, known_at, BilledCostNano, EffectiveCostNano, state, cause, line_count
FROM team_cost_revision;
DROP TABLE team_cost_revision;
ALTER TABLE team_cost_revision_of_any_cause RENAME TO team_cost_revision;

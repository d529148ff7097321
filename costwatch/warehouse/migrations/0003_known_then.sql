-- What small tables said at earlier instants: a row for each change, NULLs once a row was gone. What the
-- facts said then follows from team_cost_revision.

CREATE TABLE day_state_history (
  source TEXT NOT NULL,
  day INTEGER NOT NULL,
  known_at TEXT NOT NULL,
  state TEXT CHECK (state IN ('estimated', 'settled', 'closed')),
  PRIMARY KEY (source, day, known_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE source_history (
  name TEXT NOT NULL,
  known_at TEXT NOT NULL,
  role TEXT,
  data_through INTEGER,
  PRIMARY KEY (name, known_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget_history (
  name TEXT NOT NULL,
  known_at TEXT NOT NULL,
  team TEXT,
  metric TEXT,
  period TEXT,
  BillingCurrency TEXT,
  amount_nano INTEGER,
  PRIMARY KEY (name, known_at)
) STRICT, WITHOUT ROWID;

-- What is known now was so since the last publication; what was before, nobody noted, but who was read.
INSERT INTO day_state_history
SELECT source, day, coalesce((SELECT MAX(known_at) FROM published), '1970-01-01T00:00:00Z'), state
FROM day_state;

INSERT INTO source_history
SELECT name, MIN(started_at), role, NULL FROM source JOIN collection ON source = name GROUP BY name;

INSERT OR REPLACE INTO source_history
SELECT name, coalesce((SELECT MAX(known_at) FROM published), '1970-01-01T00:00:00Z'), role, data_through
FROM source;

INSERT INTO budget_history
SELECT name, coalesce((SELECT MAX(known_at) FROM published), '1970-01-01T00:00:00Z'), team, metric, period,
  BillingCurrency, amount_nano
FROM budget;

-- What costwatch.yaml says of unit costs, for facts to be asked by; and what it said at earlier instants.

CREATE TABLE unit_cost (                -- as configured; replaced by allocate
  name TEXT PRIMARY KEY,
  settings TEXT NOT NULL                -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE unit_cost_history (        -- a row for each change, NULL once it was gone
  name TEXT NOT NULL,
  known_at TEXT NOT NULL,
  settings TEXT,
  PRIMARY KEY (name, known_at)
) STRICT, WITHOUT ROWID;

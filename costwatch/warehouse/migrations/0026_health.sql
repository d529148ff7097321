-- What is known of costwatch itself: what fails, since when, and by what it goes on meanwhile.

CREATE TABLE rule_failure (             -- rules that could not be evaluated when they last were
  rule TEXT PRIMARY KEY,
  count INTEGER NOT NULL,               -- times in a row
  since TEXT NOT NULL,                  -- the first of them
  error TEXT NOT NULL                   -- of the last one
) STRICT;

CREATE TABLE forwarding_failure (       -- receivers of all that fires that did not take it when it was last handed on
  receiver TEXT PRIMARY KEY,
  since TEXT NOT NULL,
  error TEXT NOT NULL
) STRICT;

CREATE TABLE clock_change (             -- when it was noticed that the clock had gone back, and how far ahead it was
  noticed_at TEXT PRIMARY KEY,
  ahead_at TEXT NOT NULL
) STRICT;

ALTER TABLE step ADD COLUMN runs TEXT NOT NULL DEFAULT '[]';  -- the last times that it went through, as JSON

CREATE TABLE config_file (              -- the last costwatch.yaml without a mistake, for while it has some
  text TEXT NOT NULL,
  read_at TEXT NOT NULL
) STRICT;

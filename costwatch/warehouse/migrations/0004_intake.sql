-- Sources of any kind: batches of any table, how far each table was read, and what is incomplete.

CREATE TABLE source_of_any_role (       -- known once read; allocate forgets those no longer configured
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL,                   -- of its bill: 'bill' or 'check'; '' where it brings none
  data_through INTEGER                  -- newest settled day with no estimated day before it
) STRICT;
INSERT INTO source_of_any_role SELECT name, role, data_through FROM source;
DROP TABLE source;
ALTER TABLE source_of_any_role RENAME TO source;

CREATE TABLE version_of_window (        -- which version of each batch is stored, as its source versions it
  source TEXT NOT NULL,
  table_name TEXT NOT NULL,
  window_start TEXT NOT NULL,           -- both '' where the files themselves say which periods they hold
  window_end TEXT NOT NULL,
  version TEXT NOT NULL,                -- '' while only an incomplete answer is stored
  partial INTEGER NOT NULL,             -- 1: the source called its newest answer incomplete
  PRIMARY KEY (source, table_name, window_start, window_end)
) STRICT, WITHOUT ROWID;
-- Until now there were bills only, 'bill' and 'bill 20261001', whose periods are calendar months.
INSERT INTO version_of_window
SELECT source, 'bill', iif(day = '', '', day || 'T00:00:00Z'),
  iif(day = '', '', date(day, '+1 month') || 'T00:00:00Z'), version, 0
FROM (
  SELECT source, version, iif(batch = 'bill', '',
    substr(batch, 6, 4) || '-' || substr(batch, 10, 2) || '-' || substr(batch, 12, 2)) AS day
  FROM source_version
);
DROP TABLE source_version;
ALTER TABLE version_of_window RENAME TO source_version;

CREATE TABLE watermark (                -- up to where each table of a source was read without an error
  source TEXT NOT NULL,
  table_name TEXT NOT NULL,
  window_end TEXT NOT NULL,
  PRIMARY KEY (source, table_name)
) STRICT, WITHOUT ROWID;
INSERT INTO watermark
SELECT source, 'bill', MAX(window_end) FROM collection WHERE window_end IS NOT NULL GROUP BY source;

ALTER TABLE collection DROP COLUMN window_end;
ALTER TABLE collection RENAME COLUMN line_count TO row_count;
-- Batches of the run that the source called incomplete.
ALTER TABLE collection ADD COLUMN partial_count INTEGER NOT NULL DEFAULT 0;

CREATE TABLE declared_table (           -- tables that collectors bring; in the warehouse each is x_<name>
  name TEXT PRIMARY KEY,
  columns TEXT NOT NULL,                -- JSON: column -> type, as plugins.Table has them
  store TEXT NOT NULL CHECK (store IN ('warehouse', 'ledger'))
) STRICT;

CREATE TABLE ledger_batch (             -- of declared tables that lie in the ledger: the file of each window
  source TEXT NOT NULL,
  table_name TEXT NOT NULL,
  window_start TEXT NOT NULL,
  window_end TEXT NOT NULL,
  hash TEXT NOT NULL,                   -- of the ledger file
  row_count INTEGER NOT NULL,
  PRIMARY KEY (source, table_name, window_start, window_end)
) STRICT, WITHOUT ROWID;

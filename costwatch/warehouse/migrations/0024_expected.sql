-- Until when an alert is expected, the log of who did what, and which firing an entry of the alert log is about.

-- Of an alert that is expected: it is silenced while its value, in unit, lies in [low, high]; NULL: whatever it is.
ALTER TABLE silence ADD COLUMN low TEXT;
ALTER TABLE silence ADD COLUMN high TEXT;
ALTER TABLE silence ADD COLUMN unit TEXT;
ALTER TABLE silence ADD COLUMN left_at_value TEXT;  -- the value that ended it, at ends_at

-- Of an alert that fired; NULL: it had not, or the entry is older than this column.
ALTER TABLE alert_event ADD COLUMN fired_at TEXT;

CREATE TABLE act (                      -- who did what about alerts, in order; nothing is changed later
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  who TEXT NOT NULL,                    -- '': nobody, an expectation ended by itself
  what TEXT NOT NULL CHECK (what IN (
    'silence', 'edit', 'expire', 'ack', 'expect', 'useful', 'noise', 'expected', 'out of band'
  )),
  fingerprint TEXT NOT NULL,            -- of the one alert it is about; '': of all that match
  silence TEXT NOT NULL,                -- id of the silence it is about; '': of none
  matchers TEXT NOT NULL,               -- of that silence, a JSON list
  until TEXT,                           -- when that silence ends
  comment TEXT NOT NULL
) STRICT;
CREATE INDEX act_by_at ON act (at);

INSERT INTO act (at, who, what, fingerprint, silence, matchers, until, comment)
SELECT at, who, what, fingerprint, silence, matchers, until, comment FROM (
  SELECT starts_at AS at, who, 'silence' AS what, fingerprint, id AS silence, matchers, ends_at AS until, comment
  FROM silence
  UNION ALL
  SELECT ends_at, expired_by, 'expire', fingerprint, id, matchers, ends_at, '' FROM silence WHERE expired_by <> ''
  UNION ALL
  SELECT at, who, 'ack', fingerprint, '', '[]', NULL, comment FROM ack
  UNION ALL
  SELECT at, who, worth, fingerprint, '', '[]', NULL, comment FROM feedback
) ORDER BY at, what;

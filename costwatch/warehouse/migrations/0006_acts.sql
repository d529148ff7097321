-- What people do about alerts, which alerts are muted, and which reports were sent to whom.

CREATE TABLE silence (                  -- snoozes too: silences of one alert; ended ones are kept
  id TEXT PRIMARY KEY,
  matchers TEXT NOT NULL,               -- JSON list, as Alertmanager writes them
  fingerprint TEXT NOT NULL,            -- of the one alert it is about; '': of all that match
  starts_at TEXT NOT NULL,
  ends_at TEXT NOT NULL,                -- exclusive
  who TEXT NOT NULL,
  comment TEXT NOT NULL,
  expired_by TEXT NOT NULL DEFAULT ''   -- who ended it early, at ends_at
) STRICT;
CREATE INDEX silence_by_end ON silence (ends_at);

CREATE TABLE ack (                      -- someone sees to this firing of an alert
  fingerprint TEXT NOT NULL,
  fired_at TEXT NOT NULL,
  who TEXT NOT NULL,
  comment TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (fingerprint, fired_at, who, comment)
) STRICT, WITHOUT ROWID;

CREATE TABLE feedback (                 -- was this firing of an alert worth it? each person's last answer
  fingerprint TEXT NOT NULL,
  fired_at TEXT NOT NULL,
  who TEXT NOT NULL,
  worth TEXT NOT NULL CHECK (worth IN ('useful', 'noise', 'expected')),
  comment TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (fingerprint, fired_at, who)
) STRICT, WITHOUT ROWID;

CREATE TABLE muted_alert (              -- what fires and is kept out of a conversation, as last delivered
  receiver TEXT NOT NULL,
  group_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  fired_at TEXT NOT NULL,
  muted_by TEXT NOT NULL CHECK (muted_by IN ('silence', 'inhibition', 'time interval')),
  name TEXT NOT NULL,                   -- of the silence, the inhibiting alert, the interval
  PRIMARY KEY (receiver, group_key, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE report_run (               -- which report was sent to whom
  receiver TEXT NOT NULL,
  report TEXT NOT NULL,                 -- its name, such as weekly-2026-W47
  digest TEXT NOT NULL,                 -- SHA-256 of its text, as it was last sent or tried
  attempts INTEGER NOT NULL,            -- to send this text; one that is begun may have arrived
  sent_at TEXT,                         -- NULL: it is not known to have arrived
  receipt TEXT NOT NULL DEFAULT '',     -- JSON of what the receiver last gave back; '': nothing yet
  PRIMARY KEY (receiver, report)
) STRICT, WITHOUT ROWID;

-- Of a message that goes to the fallback: the one that its receiver did not take.
ALTER TABLE notification ADD COLUMN fallback_of TEXT NOT NULL DEFAULT '';

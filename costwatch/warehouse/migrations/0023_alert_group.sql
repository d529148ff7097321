-- When each group of alerts is told: what waits for its time outlives any restart.

CREATE TABLE alert_group (              -- groups with an alert that fires, or with more to tell
  receiver TEXT NOT NULL,
  group_key TEXT NOT NULL,
  began_at TEXT NOT NULL,               -- since when one of its alerts fires
  seen_at TEXT NOT NULL,                -- when messages were first planned of it
  flushed_at TEXT,                      -- when it last had to be told and all of that was muted; NULL: never
  PRIMARY KEY (receiver, group_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery_plan (            -- one row: when messages were last planned
  planned_at TEXT NOT NULL,
  event INTEGER NOT NULL                -- newest alert_event then
) STRICT;

-- Of a message that is told in another one: that one's id.
ALTER TABLE notification ADD COLUMN merged_into TEXT NOT NULL DEFAULT '';

INSERT INTO alert_group
SELECT receiver, group_key, min(queued_at), min(queued_at), NULL FROM notification
WHERE (receiver, group_key) IN (
  SELECT receiver, group_key FROM notification
  WHERE rowid IN (SELECT max(rowid) FROM notification GROUP BY receiver, group_key)
    AND reason <> 'resolved' AND fallback_of = ''
)
GROUP BY receiver, group_key;

INSERT INTO delivery_plan
SELECT max(queued_at), max(event) FROM notification HAVING count(*) > 0;

ALTER TABLE notification ADD COLUMN tried_at TEXT;  -- when it was last tried: what it waits for counts from then

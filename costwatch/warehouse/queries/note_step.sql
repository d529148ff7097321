-- A step went through.
INSERT OR REPLACE INTO step (name, worked_at, runs) VALUES (:name, :worked_at, :runs)

INSERT INTO sli (instance, start, seconds, good, total, known_seconds, bridged_seconds)
VALUES (?, ?, ?, ?, ?, ?, ?)

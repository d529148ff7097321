-- Silences that end after an instant.
SELECT * FROM silence WHERE ends_at > :since ORDER BY ends_at, id

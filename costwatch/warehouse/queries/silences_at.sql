-- Silences that have begun and have not ended.
SELECT id, matchers, fingerprint, starts_at, who FROM silence
WHERE starts_at <= :now AND ends_at > :now
ORDER BY id

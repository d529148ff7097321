-- Those that their sources asked for when they were read last, of sources that are configured still: one that was
-- read once and is known no longer was taken out.
SELECT definition
FROM slo
WHERE seen_at = (SELECT max(seen_at) FROM slo other WHERE other.source = slo.source)
  AND (source IN (SELECT name FROM source) OR source NOT IN (SELECT source FROM collection))
ORDER BY id

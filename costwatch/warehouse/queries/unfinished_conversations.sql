-- Conversations whose last message did not tell the end; what the fallback got in place of others is none.
SELECT receiver, group_key FROM notification
WHERE rowid IN (SELECT max(rowid) FROM notification GROUP BY receiver, group_key)
  AND reason <> 'resolved' AND fallback_of = ''
ORDER BY rowid

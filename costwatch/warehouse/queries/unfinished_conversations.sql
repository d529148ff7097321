-- Conversations whose last message did not tell the end.
SELECT receiver, group_key FROM notification
WHERE rowid IN (SELECT max(rowid) FROM notification GROUP BY receiver, group_key)
  AND reason <> 'resolved'
ORDER BY rowid

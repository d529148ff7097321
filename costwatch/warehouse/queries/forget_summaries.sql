-- Summaries that stand for nothing: what they were to tell is planned anew.
DELETE FROM notification
WHERE group_key LIKE 'summary:%' AND state <> 'sent'
  AND NOT EXISTS (SELECT 1 FROM notification AS part WHERE part.merged_into = notification.id)

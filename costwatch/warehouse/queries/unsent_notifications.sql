-- What is still to be sent, oldest first; what is told in another message goes with that.
SELECT * FROM notification WHERE state IN ('queued', 'sending') AND merged_into = '' ORDER BY rowid

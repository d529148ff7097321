-- The two newest messages of a conversation.
SELECT * FROM notification WHERE receiver = :receiver AND group_key = :key
ORDER BY rowid DESC LIMIT 2

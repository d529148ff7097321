-- Of rules that are no longer in the file.
DELETE FROM evaluation WHERE rule NOT IN (SELECT value FROM json_each(:rules))

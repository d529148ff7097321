-- The newest day settled by every source of the bill that has settled any, with nothing estimated before it.
-- A source that is usually silent holds no other one back, but nothing is settled beyond the last day of all.
SELECT MIN(MIN(passed), MAX(data_through)) AS day FROM {source} WHERE role = 'bill'

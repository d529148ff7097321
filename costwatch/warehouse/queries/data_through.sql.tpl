-- The newest day settled by every source of the bill that has settled any, with nothing estimated before it.
SELECT MIN(data_through) AS day FROM {source} WHERE role = 'bill'

-- The newest day that every source of the bill has settled, with nothing estimated before it.
SELECT MIN(data_through) AS day FROM bill_source WHERE data_through IS NOT NULL

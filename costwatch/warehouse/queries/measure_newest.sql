-- The newest day of which a measure has a value at all.
SELECT MAX(day) AS day FROM x_measure_days WHERE measure = :measure AND value IS NOT NULL

-- A day is as settled as its least settled source.
SELECT day,
  CASE
    WHEN MIN(state = 'closed') THEN 'closed'
    WHEN MIN(state <> 'estimated') THEN 'settled'
    ELSE 'estimated'
  END AS state
FROM {day_state}
WHERE day >= :first AND day < :after
GROUP BY day
ORDER BY day

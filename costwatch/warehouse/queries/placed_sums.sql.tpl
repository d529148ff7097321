-- What each summary of a period sums to: rows in the order in which they are stored first, so that none is sorted.
SELECT {totals}
FROM (
  SELECT place, team, service, {sums} FROM place_day WHERE period = :period GROUP BY place, team, service
) c
JOIN place p ON p.id = c.place
GROUP BY p.summary, c.team > 0, c.service > 0

-- Numbers of teams and services that carry cost but have no name: pages would leave their cost out.
SELECT period, 'team' AS what, team AS number FROM cost_day
WHERE period BETWEEN :first AND :last AND team NOT IN (SELECT id FROM team)
UNION
SELECT period, 'service', service FROM cost_day
WHERE period BETWEEN :first AND :last AND service NOT IN (SELECT id FROM service)
ORDER BY 1, 2, 3

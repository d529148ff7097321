-- The first and the last day that hold any cost, or did since :as_of.
SELECT MIN(day) AS first, MAX(day) AS last
FROM (SELECT day FROM day_state UNION ALL SELECT day FROM cost_day_revision WHERE known_at > :as_of)

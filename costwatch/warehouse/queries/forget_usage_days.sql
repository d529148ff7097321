-- The usage of a source on the days that a window touches.
DELETE FROM usage_day
WHERE usage_group IN (SELECT id FROM usage_group WHERE source = :source) AND day BETWEEN :first AND :last

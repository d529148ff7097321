-- The capacity of a source's clusters on the days that a window touches.
DELETE FROM capacity_day WHERE source = :source AND day BETWEEN :first AND :last

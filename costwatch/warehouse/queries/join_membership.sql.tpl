-- The teams above a team on the day of its cost.
LEFT JOIN {membership} m ON m.team = t.name AND m.since <= c.day AND m.until > c.day

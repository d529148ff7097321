INSERT INTO marker (source, at, kind, title, service, team, url, author)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source, at, kind, title, service)
DO UPDATE SET team = excluded.team, url = excluded.url, author = excluded.author

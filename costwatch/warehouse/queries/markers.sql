-- What changed in [:start, :end), oldest first.
SELECT at, kind, title, service, team, url, author FROM marker WHERE at >= :start AND at < :end ORDER BY at, id
